import { z } from 'zod'
import { CHILDREN_AT_MOST, replaceChildren } from '../../../domains/iep/children.ts'
import { languages } from '../../../domains/iep/content.ts'
import {
  beginWaitForConsent,
  changeProfile,
  endWaitForConsent,
  ensureProfile,
  findProfile,
  holdProfile,
  waitingForConsent,
  type Profile,
} from '../../../domains/iep/profiles.ts'
import { nextSteps } from '../../../jobs/iep/next-steps.ts'
import { withoutUnsettled } from '../../../jobs/iep/running.ts'
import type { Asking } from '../../../jobs/open.ts'
import { within, type Tx } from '../../../shared/database.ts'
import { line, lineOrNull, missingOr } from '../../../shared/text.ts'
import type { App, HttpParts } from '../app.ts'
import { HttpProblem } from '../answers/problems.ts'
import { parentOf } from './parent.ts'
import { inTransaction } from '../transaction.ts'

const time = z.number().meta({ description: 'Milliseconds since 1970.' })
const shownLanguage = z.enum([...languages, '']).meta({ description: 'Empty when none was chosen.' })

const profile = z
  .object({
    userId: z.string(),
    phone: z.string(),
    primaryLanguage: shownLanguage,
    secondaryLanguage: shownLanguage,
    city: z.string(),
    consentGiven: z.boolean(),
    children: z.array(z.object({ childId: z.string(), name: z.string(), schoolCity: z.string() })),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'IepProfile' })

const language = z
  .enum([...languages, ''], { error: 'must be one of en, zh, es, vi' })
  .nullable()
  .transform((chosen) => (chosen === '' ? null : chosen))
  .optional()
  .meta({ description: 'The empty string or null clears it.' })

/** What a parent tells of a child. */
export const childFields = z.strictObject({ name: line(100), schoolCity: line(100) })

const givenChildren = z
  .array(childFields.extend({ childId: z.string({ error: missingOr('must be text') }).nullish() }), {
    error: 'must be a list',
  })
  .max(CHILDREN_AT_MOST, `must be at most ${CHILDREN_AT_MOST}`)
  .refine(namesNoneTwice, 'must not name a child twice')
  .meta({
    description: 'Those without childId are added; those left out are removed if they have no documents.',
  })

const changes = z
  .strictObject({
    phone: lineOrNull(50),
    primaryLanguage: language,
    secondaryLanguage: language,
    city: lineOrNull(100),
    consentGiven: z.boolean({ error: 'must be a boolean value (true or false)' }).optional(),
    children: givenChildren.optional(),
  })
  .meta({ id: 'IepProfileChanges', description: 'What is left out stays as it is.' })

/** A parent's profile: made when it is first asked for, if it was not made at sign-up. */
export function profileRoutes(app: App, { asking }: HttpParts): void {
  const { database } = asking

  app.get(
    '/profile',
    { schema: { tags: ['iep'], summary: "The caller's profile", response: { 200: z.object({ profile }) } } },
    async (request) => {
      const userId = parentOf(request)
      return { profile: (await findProfile(database.sql, userId)) ?? (await firstProfile(userId)) }
    },
  )

  const firstProfile = (userId: string): Promise<Profile> =>
    database.transaction(async (tx) => {
      await ensureProfile(tx, userId)
      const made = await findProfile(tx, userId)
      if (!made) throw new Error('A profile that was made a moment ago is not there.')
      return made
    })

  app.put(
    '/profile',
    {
      schema: {
        tags: ['iep'],
        summary: "Changes the caller's profile",
        description:
          'Documents that wait for consent start when it is given. Once it is taken back, no call to a model begins any ' +
          'more; what had come until then is kept.',
        body: changes,
        response: { 200: z.object({ message: z.string() }) },
      },
      preValidation: async ({ body }) => refuseEmail(body),
    },
    async (request) => {
      const userId = parentOf(request)
      const { children, ...fields } = request.body
      if (children === undefined && Object.values(fields).every((value) => value === undefined))
        throw nothingToChange()
      await inTransaction(database, async (tx) => {
        await holdProfile(tx, userId)
        if (children) await replaceChildren(tx, userId, children.map(withoutNull))
        await changeProfile(tx, userId, fields)
        if (fields.consentGiven) await startWhatWaited(tx, asking, userId, request.trace)
        if (fields.consentGiven === false) await beginWaitForConsent(tx, userId)
      })
      return { message: 'Profile updated successfully' }
    },
  )
}

/**
 * A step that is still under way finds consent when it looks again, and goes on by itself: it cannot settle past the
 * profile that is held here. Its row is left alone, since a step that settles has locked it and waits for the profile.
 */
async function startWhatWaited(tx: Tx, asking: Asking, userId: string, trace: string): Promise<void> {
  for (const document of await waitingForConsent(tx, userId)) {
    const wishes = await withoutUnsettled(within(tx), await nextSteps(tx, document))
    await asking.accept.in(tx, wishes, trace)
  }
  await endWaitForConsent(tx, userId)
}

function refuseEmail(body: unknown): void {
  if (typeof body === 'object' && body !== null && Object.hasOwn(body, 'email'))
    throw new HttpProblem(400, 'unknown-field', 'email cannot be changed here: it belongs to the sign-in.', {
      field: 'email',
    })
}

const nothingToChange = (): HttpProblem =>
  new HttpProblem(
    400,
    'nothing-to-change',
    `Nothing to change: send at least one of ${Object.keys(changes.shape).join(', ')}.`,
  )

function namesNoneTwice(given: { childId?: string | null | undefined }[]): boolean {
  const ids = given.flatMap(({ childId }) => (childId ? [childId.toLowerCase()] : []))
  return new Set(ids).size === ids.length
}

const withoutNull = <T extends { childId?: string | null | undefined }>(child: T) => ({
  ...child,
  childId: child.childId ?? undefined,
})
