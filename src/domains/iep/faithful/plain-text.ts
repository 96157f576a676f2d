/**
 * The words and numbers of a piece of Markdown without its dress: no emphasis, links, tags, images or formulas, and
 * one form for each character (full-width digits become digits, curly quotes straight). OCR writes `$80 \%$` where a
 * page says 80 %. Every pattern has a bounded length, so that no text takes more than linear time.
 */
export function plainText(markdown: string): string {
  if (isPlain.test(markdown)) return markdown
  return oneForm(withoutMarkup(withoutFormulas(markdown)))
}

/** Nothing in it that would be changed: most sentences, and worth a look since each is asked for several times. */
const isPlain = /^[A-Za-z0-9 .,;:?'"()%/+=-]*$/

/** A dollar sign that is money, while formulas are taken apart. */
const dollar = '\uE000'

function withoutFormulas(text: string): string {
  if (!/[$\\]/.test(text)) return text
  return text
    .replaceAll(String.raw`\$`, dollar)
    .replaceAll(/\$\$/g, ' ')
    .replaceAll(/\$([^$\n]{1,120})\$(?!\d)/g, (whole, inside: string) =>
      /[\\^_{}]/.test(inside) || /^\S$|^\S.*\S$/.test(inside) ? inside : whole,
    )
    .replaceAll(/\{~/g, '{')
    .replaceAll(/\\(?:d|t)?frac\s{0,2}\{([^{}]{1,20})\}\s{0,2}\{([^{}]{1,20})\}/g, ' $1/$2 ')
    .replaceAll(
      /\\(?:mathrm|mathbf|mathit|text|textbf|textit|operatorname|underline)\s{0,3}\{([^{}]{0,200})\}/g,
      '$1',
    )
    .replaceAll(/\^\s?\{\s{0,2}(?:\\[a-z]{1,10}\s?\{)?\s{0,2}([a-z]{1,3})\s{0,2}\}{1,2}/g, '$1')
    .replaceAll(/\\times(?![a-zA-Z])/g, ' x ')
    .replaceAll(/\^\s?(?:\{[^{}]{0,30}\}|\d)/g, ' ')
    .replaceAll(/\\[a-zA-Z]{2,20}/g, ' ')
    .replaceAll(/[{}]/g, '')
    .replaceAll(dollar, '$')
}

function withoutMarkup(text: string): string {
  return text
    .replaceAll(/!\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)/g, ' ')
    .replaceAll(/\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)/g, '$1')
    .replaceAll(/(?:https?:\/\/|www\.)[^\s)|]{1,500}/gi, ' ')
    .replaceAll(/[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,64}(?:\.[\p{L}\p{N}-]{1,64}){1,5}/gu, ' ')
    .replaceAll(/<\/t[dhr]>/gi, ' | ')
    .replaceAll(/<\/?[a-z!][^<>\n]{0,200}>/gi, ' ')
    .replaceAll(/&(?:nbsp|ensp|emsp|thinsp);/gi, ' ')
    .replaceAll(/&amp;/gi, '&')
    .replaceAll(/&#?[a-z0-9]{2,8};/gi, ' ')
    .replaceAll(/\\([^\sA-Za-z0-9])/g, '$1')
    .replaceAll(/[*`]/g, '')
    .replaceAll(/_+/g, (line) => (line.length > 2 ? ' ' : ''))
}

/** Footnote marks go before NFKC would turn `30²` into 302; vulgar fractions are set apart from the number before.
 * Whoever has no º on the keyboard writes a degree sign. */
function oneForm(text: string): string {
  return text
    .replaceAll(/[⁰¹²³⁴-⁹₀-₉]/g, '')
    .replaceAll(/[¼-¾⅐-⅞]/g, ' $&')
    .replaceAll(/(?<=\d)\.?(?:[ºª]|°(?!\s?[CF]\b))/g, 'º')
    .replaceAll(/[^º]{1,5000}/g, (piece) => piece.normalize('NFKC'))
    .replaceAll('\u2044', '/')
    .replaceAll(/[\u2010\u2011\u00AD]/g, '-')
    .replaceAll(/[‘’ʼ`´]/g, "'")
    .replaceAll(/[“”«»「」『』《》]/g, '"')
    .replaceAll(/[×✕]/g, 'x')
    .replaceAll(/[\u200B-\u200D\u2060\uFEFF]/g, '')
}
