import type { Stack } from '../../../stack/run.ts'
import type { Screen } from '../screen.ts'
import { Plain } from '../../../launch/plain.ts'
import type { Media } from './answers.ts'
import { untilKept } from './kept.ts'
import type { Person } from './people.ts'
import { untilLookedAt, upload } from './upload.ts'

export interface BrokenFacts {
  media: Media
  kept: number
}

/** A drawing that carries a script, called a PNG: it is refused, and nothing of it is kept. */
export async function tellBroken(
  who: { stack: Stack; screen: Screen; person: Person },
  fileName = 'plan.png',
): Promise<BrokenFacts> {
  const { stack, screen, person } = who
  const bytes = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
  const opened = await upload(stack, person, { fileName, contentType: 'image/png', bytes })
  screen.say(`\n  Ada uploads ${fileName}, which is a drawing with a script in it and no PNG`)
  const media = await untilLookedAt(who, opened, 'failed')
  if (!media.problem) throw new Plain(`nothing says why ${fileName} failed`)
  const { length: kept } = await untilKept(stack, person, media, 0)
  screen.say(`    ${media.problem.code}: "${media.problem.message}" Of it S3 has ${kept} objects left.`)
  return { media, kept }
}
