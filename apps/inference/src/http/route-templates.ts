import type { IRoute, Router } from 'express'

/** The template of each route, such as `/v2/models/:model`. */
export type RouteTemplates = Map<IRoute, string>

/**
 * Reads the templates off routers once, so that a request needs one look-up and its own path never reaches a label.
 * @param routers by the path at which each is mounted; `''` for the app's own
 */
export function readTemplates(templates: RouteTemplates, routers: Record<string, Router>): void {
  for (const [mount, router] of Object.entries(routers)) {
    for (const { route } of router.stack) {
      if (route) templates.set(route, `${mount}${route.path === '/' && mount ? '' : route.path}`)
    }
  }
}
