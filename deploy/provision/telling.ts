import type { Finding } from './plan.ts'

/** A plan for people: a line for each resource, and one for each thing about it that differs. */
export function toldAs(plan: Finding[]): string {
  return plan
    .flatMap(({ kind, name, is, differences }) => [
      `${signs[is]} ${kind} ${name}${is === 'as wanted' ? '' : `: ${is}`}`,
      ...differences.map(
        ({ aspect, is: found, wanted, canChange }) =>
          `    ${aspect}: is ${short(found)}, ${canChange ? 'becomes' : 'cannot become'} ${short(wanted)}`,
      ),
    ])
    .join('\n')
}

const signs: Record<Finding['is'], string> = { missing: '+', different: '~', 'as wanted': '=' }

const short = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
