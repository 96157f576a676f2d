/** From those who may least to those who may most; an auditor stands aside, sees everything and changes nothing. */
export const roles = ['user', 'manager', 'supervisor', 'administrator', 'auditor'] as const
export type Role = (typeof roles)[number]

/** Somebody who asks for something: a user with their role as it is now, or a server, which acts as an administrator. */
export interface Actor {
  userId: string
  role: Role
}

/** What decides who may do what with somebody: who they are, and whose team they are in. */
export interface Person {
  userId: string
  managerId?: string | null | undefined
}

/** The name under which servers act; no user has it. */
export const SERVER = 'server'

export const maySeeEverybody = ({ role }: Actor): boolean =>
  role === 'supervisor' || role === 'administrator' || role === 'auditor'

export const mayRead = (actor: Actor, person: Person): boolean =>
  isSelf(actor, person) || maySeeEverybody(actor) || isManagerOf(actor, person)

/** Whether they may see who is in this manager's team. */
export const maySeeTeam = (actor: Actor, managerId: string): boolean =>
  maySeeEverybody(actor) || (mayManage(actor.role) && actor.userId === managerId)

/** Whether they may upload what will be this person's. */
export const mayUploadFor = (actor: Actor, person: Pick<Person, 'userId'>): boolean =>
  actor.role === 'administrator' || (isSelf(actor, person) && actor.role !== 'auditor')

/** Whether they may remove what this person has uploaded. */
export const mayDeleteMedia = mayUploadFor

/** Whether they may write, change and hand in submissions that are this person's: nobody for another, but servers. */
export const mayWriteFor = (actor: Actor, person: Pick<Person, 'userId'>): boolean =>
  actor.userId === SERVER || (isSelf(actor, person) && actor.role !== 'auditor')

/** Whether they may remove drafts that are this person's. */
export const mayDiscardFor = (actor: Actor, person: Pick<Person, 'userId'>): boolean =>
  actor.role === 'administrator' || mayWriteFor(actor, person)

/** Whether they may decide about a submission of this person: whoever is above them, and nobody about their own. */
export const mayReview = (actor: Actor, person: Person): boolean =>
  !isSelf(actor, person) &&
  (actor.role === 'administrator' || actor.role === 'supervisor' || isManagerOf(actor, person))

export const mayReadAudit = ({ role }: Actor): boolean => role === 'administrator' || role === 'auditor'

/** Whether they may make somebody of this role. */
export const mayCreate = (actor: Actor, role: Role): boolean =>
  actor.role === 'administrator' || (actor.role === 'supervisor' && role === 'user')

/** Whether teams can be led by somebody of this role. */
export const mayManage = (role: Role): boolean =>
  role === 'manager' || role === 'supervisor' || role === 'administrator'

export const userFields = ['email', 'username', 'role', 'isActive'] as const
export type UserField = (typeof userFields)[number]

/** Which fields of a user they may change. Nobody changes their own role, or whether they are active. */
export function changeableOfUser(actor: Actor, person: Person): readonly UserField[] {
  if (actor.role === 'administrator') return isSelf(actor, person) ? ['email', 'username'] : userFields
  return isSelf(actor, person) && actor.role !== 'auditor' ? ['username'] : []
}

export const profileFields = [
  'firstName',
  'lastName',
  'phone',
  'jobTitle',
  'department',
  'managerId',
] as const
export type ProfileField = (typeof profileFields)[number]

/** Which fields of a profile they may change: what they may as themselves, as the manager and by their role. */
export function changeableOfProfile(actor: Actor, person: Person): readonly ProfileField[] {
  const { role } = actor
  if (role === 'administrator') return profileFields
  const own: ProfileField[] = isSelf(actor, person) ? ['firstName', 'lastName', 'phone'] : []
  if (role === 'auditor') return own
  return [
    ...own,
    ...(own.length > 0 ? (['jobTitle'] as const) : []),
    ...(isManagerOf(actor, person) ? (['jobTitle', 'department'] as const) : []),
    ...(role === 'supervisor' ? (['jobTitle', 'department', 'managerId'] as const) : []),
  ]
}

const isSelf = (actor: Actor, { userId }: Person): boolean => actor.userId === userId

/** Being named as somebody's manager is not enough: one has to be one still. */
const isManagerOf = (actor: Actor, { managerId }: Person): boolean =>
  mayManage(actor.role) && actor.userId === managerId
