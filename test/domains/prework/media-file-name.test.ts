import { expect, test } from 'vitest'
import { safeFileName } from '../../../src/domains/prework/media/file-name.ts'
import { mediaTypes, type MediaType } from '../../../src/domains/prework/media/types.ts'

const names: [given: string, type: MediaType, safe: string][] = [
  ['ada.jpg', 'image/jpeg', 'ada.jpg'],
  ['Ada.JPEG', 'image/jpeg', 'Ada.jpeg'],
  ['Lebenslauf (Ada) #2.pdf', 'application/pdf', 'Lebenslauf _Ada_ _2.pdf'],
  ['Grace Hopper ‐ 履歴書.pdf', 'application/pdf', 'Grace Hopper _ 履歴書.pdf'],
  // Composed: a letter and its mark are one sign.
  ['U\u0308ber.txt', 'text/plain', 'Über.txt'],
  // Nothing that could lead anywhere.
  ['../../etc/passwd', 'text/plain', 'passwd.txt'],
  ['C:\\fakepath\\me.jpg', 'image/jpeg', 'me.jpg'],
  ['..', 'image/jpeg', 'file.jpg'],
  ['../', 'image/jpeg', 'file.jpg'],
  ['.htaccess', 'text/plain', 'htaccess.txt'],
  ['~/.ssh/id_rsa', 'text/plain', 'id_rsa.txt'],
  ['a\u0000b\r\nContent-Type: x.jpg', 'image/jpeg', 'a_b_Content-Type_ x.jpg'],
  ['"; rm -rf $HOME; ".jpg', 'image/jpeg', '_ rm -rf _HOME_ _.jpg'],
  ['%2e%2e%2fetc.jpg', 'image/jpeg', '_2e_2e_2fetc.jpg'],
  // Nothing that looks like something else: these marks turn the direction of writing, or are not seen.
  ['ada\u202Egpj.exe', 'image/jpeg', 'ada_gpj.exe.jpg'],
  ['\u200Fada\u2066\uFEFF.jpg', 'image/jpeg', '_ada_.jpg'],
  ['ada.jpg.exe', 'image/jpeg', 'ada.jpg.exe.jpg'],
  ['ada.html', 'text/plain', 'ada.html.txt'],
  // The ending is the type's.
  ['ada', 'image/png', 'ada.png'],
  ['ada.jpg', 'image/png', 'ada.png'],
  ['ada.jpg. ', 'image/jpeg', 'ada.jpg'],
  ['film.MP4', 'audio/mp4', 'film.mp4'],
  ['film.mov', 'video/mp4', 'film.mp4'],
  ['v1.2 final.pdf', 'application/pdf', 'v1.2 final.pdf'],
  // Something is left in any case.
  ['', 'image/jpeg', 'file.jpg'],
  ['.jpg', 'image/jpeg', 'file.jpg'],
  [' . . ', 'image/jpeg', 'file.jpg'],
  ['\u0301\u0301.jpg', 'image/jpeg', 'file.jpg'],
  ['***', 'image/jpeg', '_.jpg'],
  ['\uD83D', 'image/jpeg', '_.jpg'],
  ['x'.repeat(300), 'image/jpeg', `${'x'.repeat(96)}.jpg`],
  ['𝒳'.repeat(300), 'video/webm', `${'𝒳'.repeat(95)}.webm`],
  [`${'x'.repeat(95)}. y.jpg`, 'image/jpeg', `${'x'.repeat(95)}.jpg`],
]

test.for(names)('%j as %s is saved as %s', ([given, type, safe]) => {
  expect(safeFileName(given, type)).toBe(safe)
})

test('a safe name stays as it is, and has at most a hundred characters, whatever it was made of', () => {
  for (const [given] of names)
    for (const type of Object.keys(mediaTypes) as MediaType[]) {
      const safe = safeFileName(given, type)
      expect(safeFileName(safe, type)).toBe(safe)
      expect(Array.from(safe).length).toBeLessThanOrEqual(100)
      expect(safe).toMatch(/^[\p{L}\p{N}_-][\p{L}\p{M}\p{N} ._-]*\.[a-z0-9]+$/u)
    }
})
