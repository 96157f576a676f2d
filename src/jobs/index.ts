import { initiateUser } from './anki/initiate-user.ts'
import { register } from './define.ts'
import { createProfile } from './iep/create-profile.ts'
import { expireRecords } from './iep/expire-records.ts'
import { readDocument } from './iep/read-document.ts'
import { receiveDocument } from './iep/receive-document.ts'
import { redactDocument } from './iep/redact-document.ts'
import { removeObjects } from './iep/remove-objects.ts'
import { summariseDocument } from './iep/summarise-document.ts'
import { translateDocument } from './iep/translate-document.ts'
import { archiveExpiredGroups } from './lockin/archive-expired-groups.ts'
import { dropAvatars } from './lockin/drop-avatars.ts'
import { expireAvatars } from './lockin/expire-avatars.ts'
import { notifyMilestone } from './lockin/notify-milestone.ts'
import { prepareAvatar } from './lockin/prepare-avatar.ts'
import { remindMembers } from './lockin/remind-members.ts'
import { trimHistory } from './millrace/trim-history.ts'
import { expireUpload } from './prework/expire-upload.ts'
import { processMedia } from './prework/process-media.ts'
import { removeMediaObjects } from './prework/remove-media-objects.ts'
import { ensureUser } from './rundi/ensure-user.ts'

/** Everything this system can do. A new job is a file, a line here and a test. */
export const registry = register([
  initiateUser,
  ensureUser,
  createProfile,
  receiveDocument,
  readDocument,
  redactDocument,
  summariseDocument,
  translateDocument,
  removeObjects,
  expireRecords,
  archiveExpiredGroups,
  notifyMilestone,
  remindMembers,
  prepareAvatar,
  dropAvatars,
  expireAvatars,
  processMedia,
  expireUpload,
  removeMediaObjects,
  trimHistory,
])
