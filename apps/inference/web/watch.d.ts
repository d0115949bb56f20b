export function watchPage(report: (message: string) => void): Promise<() => Promise<void>>
