import { apiKey } from './api'

/** The command that sends the same request from a terminal. A sample is fetched from the server first. */
export function curlCommand(page: string, image: { name: string; sha256?: string }): string {
  // A variable of the reader's own: a key has no place on a screen.
  const key = apiKey.get() ? ' -H "Authorization: Bearer $API_KEY"' : ''
  const url = (path: string) => quoted(new URL(path, page).href)
  if (image.sha256) {
    return `curl -s${key} ${url(`model/samples/${image.sha256}`)} |\n  curl${key} -F image=@- ${url('score')}`
  }
  // Inside a form's value curl itself wants quotes around names with special characters.
  const file = /[",;\\]/.test(image.name) ? `"${image.name.replaceAll(/["\\]/g, '\\$&')}"` : image.name
  return `curl${key} -F ${quoted(`image=@${file}`)} ${url('score')}`
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
