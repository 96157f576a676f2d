import { z } from 'zod'
import { SERVER } from '../../../domains/prework/permissions.ts'
import { changeSubmission } from '../../../domains/prework/submissions/change-submission.ts'
import { createSubmission } from '../../../domains/prework/submissions/create-submission.ts'
import { deleteSubmission } from '../../../domains/prework/submissions/delete-submission.ts'
import {
  listSubmissionsIn,
  listSubmissionsOf,
  readSubmission,
} from '../../../domains/prework/submissions/read-submissions.ts'
import { reviewSubmission } from '../../../domains/prework/submissions/review-submission.ts'
import type { Submission } from '../../../domains/prework/submissions/submission.ts'
import { submitSubmission } from '../../../domains/prework/submissions/submit-submission.ts'
import type { Page } from '../../../domains/prework/store.ts'
import { HttpProblem } from '../answers/problems.ts'
import type { App } from '../app.ts'
import { verbOn } from '../verb.ts'
import { addressOf } from './address.ts'
import type { Actor, Session } from './caller.ts'
import { ofId, versionAsked } from './fields.ts'
import { nothingToChange } from './nothing-to-change.ts'
import { askedOnce } from './once.ts'
import { cursorAfter, pageAsked, type ListName } from './pages.ts'
import {
  newSubmission,
  oneSubmission,
  review,
  shownSubmissions,
  submissionChanges,
  submissionQuery,
  submitting,
  tellSubmission,
} from './submission-shapes.ts'

const tags = ['prework']

/** What people hand in: written, changed, handed in and removed by them, and reviewed by whoever is above them. */
export function submissionRoutes(app: App, actor: Actor): void {
  app.get(
    '/api/submissions',
    {
      schema: {
        tags,
        summary: 'One’s own submissions, those of a user, or all in a state',
        description:
          'Those in a state are for supervisors, administrators and auditors. Lists follow changes after a moment, in no ' +
          'order that means anything.',
        querystring: submissionQuery,
        response: { 200: shownSubmissions },
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { userId, status, ...asked } = request.query
      if (status !== undefined) {
        const list: ListName = ['submissions', 'status', status]
        return told(list, await listSubmissionsIn(store, by, status, pageAsked(list, asked)))
      }
      const owner = userId ?? ownId(by)
      const list: ListName = ['submissions', 'user', owner]
      return told(list, await listSubmissionsOf(store, by, owner, pageAsked(list, asked)))
    },
  )

  app.post(
    '/api/submissions',
    {
      schema: {
        tags,
        summary: 'Makes a draft',
        description: 'With an `Idempotency-Key` the same request makes one draft, however often it comes.',
        body: newSubmission,
        response: { 201: oneSubmission },
      },
    },
    async (request, reply) => {
      const { store, by } = await actor(request)
      const { userId = ownId(by), description, ...fields } = request.body
      const asked = { ...fields, userId, ...(description ? { description } : {}) }
      const submission = await createSubmission(store, by, asked, askedOnce(request))
      return reply
        .code(201)
        .header('location', addressOf('submissions', submission.submissionId))
        .send({ submission: tellSubmission(submission) })
    },
  )

  app.get(
    '/api/submissions/:id',
    { schema: { tags, summary: 'A submission', params: ofId, response: { 200: oneSubmission } } },
    async (request) => {
      const { store, by } = await actor(request)
      return { submission: tellSubmission(await readSubmission(store, by, request.params.id)) }
    },
  )

  app.put(
    '/api/submissions/:id',
    {
      schema: {
        tags,
        summary: 'Changes a submission',
        description: 'A draft, or one that requires changes, by whoever writes it.',
        params: ofId,
        body: submissionChanges,
        response: { 200: oneSubmission },
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { version, ...changes } = request.body
      if (Object.values(changes).every((value) => value === undefined))
        throw nothingToChange(submissionChanges)
      const asked = { submissionId: request.params.id, version, changes }
      return { submission: tellSubmission(await changeSubmission(store, by, asked)) }
    },
  )

  app.delete(
    '/api/submissions/:id',
    {
      schema: {
        tags,
        summary: 'Removes a draft',
        description:
          'By whoever writes it, and by administrators. Its files stay, and are attached to nothing.',
        params: ofId,
        querystring: z.strictObject({ version: versionAsked }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { store, by } = await actor(request)
      const asked = { submissionId: request.params.id, version: request.query.version }
      await deleteSubmission(store, by, asked)
      return reply.code(204).send(null)
    },
  )

  app.post(
    verbOn('/api/submissions', 'submit'),
    {
      schema: {
        tags,
        summary: 'Hands a submission in',
        description: 'A draft, or one that requires changes, by whoever writes it.',
        params: ofId,
        body: submitting,
        response: { 200: oneSubmission },
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const asked = { submissionId: request.params.id, version: request.body.version }
      return { submission: tellSubmission(await submitSubmission(store, by, asked)) }
    },
  )

  app.post(
    verbOn('/api/submissions', 'review'),
    {
      schema: {
        tags,
        summary: 'Takes a submission to review it, or decides about it',
        description:
          'By whoever is above the person it is of, and never about one’s own. One that was handed in is taken first ' +
          '(`under_review`), and decided about by who took it; administrators may decide for them, and take it over.',
        params: ofId,
        body: review,
        response: { 200: oneSubmission },
      },
    },
    async (request) => {
      const { store, by } = await actor(request)
      const { version, decision, comment } = request.body
      const asked = { submissionId: request.params.id, version, decision, comment: comment ?? undefined }
      return { submission: tellSubmission(await reviewSubmission(store, by, asked)) }
    },
  )
}

const told = (list: ListName, page: Page<Submission>) => ({
  submissions: page.items.map(tellSubmission),
  nextCursor: cursorAfter(list, page, ({ submissionId }) => submissionId),
})

/** Whose something is when nobody is named. @throws HttpProblem 400 for servers, who are nobody themselves */
function ownId({ userId }: Session['by']): string {
  if (userId !== SERVER) return userId
  throw new HttpProblem(400, 'missing-field', 'Missing required field: userId', { field: 'userId' })
}
