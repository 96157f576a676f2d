/** Why Pre-Work does not do what it was asked to. */
export const refusals = {
  'not-a-user': 'This account has not been set up.',
  'email-not-verified': 'The e-mail address of this sign-in has not been verified.',
  deactivated: 'This account has been deactivated.',
  forbidden: 'You may not do this.',
  'no-such-user': 'There is no such user.',
  'no-such-profile': 'There is no such profile.',
  'no-such-submission': 'There is no such submission.',
  'no-such-media': 'There is no such file.',
  'email-taken': 'There is a user with this e-mail address already.',
  'profile-exists': 'This user has a profile already.',
  'changed-meanwhile': 'It has been changed since the version you know. Read it again.',
  'asked-differently': 'This was asked for before, with another body.',
  gone: 'This was made before, and has been removed since.',
  'not-in-this-state': 'Its state does not allow this.',
  'media-not-usable':
    'must be the ids of files of the same user that are completed and attached to nothing else',
  'media-not-ready': 'This file is not ready.',
  'media-failed': 'This file could not be used.',
  'media-attached': 'This file belongs to a submission that cannot be changed any more.',
  'no-thumbnails': 'There are no thumbnails of a file of this type.',
  'not-a-manager': 'must be the id of somebody else who is active and at least a manager',
} as const

export type Refusal = keyof typeof refusals

/** Nothing has been changed. `field` is the one that was too much, where it is about one. */
export class Refused extends Error {
  override name = 'Refused'
  readonly refusal: Refusal
  readonly field: string | undefined

  constructor(refusal: Refusal, field?: string) {
    super(refusals[refusal])
    this.refusal = refusal
    this.field = field
  }
}
