import { ada, withKey, type Web } from './web.ts'

/** Asks for Ada to be initiated. */
export const adas = (web: Web, headers: Record<string, string> = {}) =>
  web.app.inject({
    method: 'POST',
    url: '/anki/users',
    headers: { ...withKey('anki'), ...headers },
    payload: ada.body,
  })
