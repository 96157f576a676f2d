/**
 * The page as it looks: characters that are not seen are gone (they would split a number for us and not for a reader),
 * every kind of blank is a blank, wide letters and the digits of other scripts are the plain ones, and every kind of
 * line break is a line feed.
 */
export function readable(text: string): string {
  return text
    .toWellFormed()
    .replace(invisible, '')
    .replace(/\r\n?|[\u2028\u2029\u0085\v\f]/g, '\n')
    .replace(/[^\S\n]/g, ' ')
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/(?![0-9])\p{Nd}/gu, plainDigit)
    .replace(/&(?:nbsp|#160|#xa0);/gi, ' ')
    .replace(/&(?:commat|#64|#x40);/gi, '@')
    .replace(/\\([-_.@()+])/g, '$1')
}

/**
 * Soft hyphens, joiners, marks of direction, the tags in which a hidden message can be written, and control characters
 * but those that part lines and words.
 */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}[\p{Cc}--[\t\n\v\f\r\u0085]]]/gv

/** Unicode keeps the decimal digits of a script together, zero first, and never puts anything else between such tens. */
function plainDigit(digit: string): string {
  const known = plainDigits.get(digit)
  if (known !== undefined) return known
  const code = digit.codePointAt(0) as number
  let steps = 0
  while (/^\p{Nd}$/u.test(String.fromCodePoint(code - steps - 1))) steps += 1
  const plain = String(steps % 10)
  plainDigits.set(digit, plain)
  return plain
}

const plainDigits = new Map<string, string>()
