import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/**
 * The PostConfirmation trigger of the user pools: forwards the event as it is to the queue of events and returns it.
 *
 * It never fails the sign-up. When Cognito calls it the account is confirmed already, and the error of a trigger is
 * shown to the person who has just confirmed it: they would be told that something went wrong which they can neither
 * undo nor repeat (the code is used up), while their account works. Nor would failing save the event, since Cognito
 * gives up after three calls. So a message that could not be sent is one error line (alarm on "not forwarded"), and
 * what it would have started happens with the user's first call, which provisions whatever is missing.
 *
 * Cognito waits five seconds, a cold start included, and then calls again. Two attempts of 1.8 s leave room for it.
 * An attempt that timed out may have arrived all the same: the event can come twice, and its readers know that.
 *
 * @param {{ userPoolId?: string, triggerSource?: string, request?: { userAttributes?: { sub?: string } } }} event
 */
export async function handler(event) {
  const message = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) })
  try {
    await send(message).catch(() => send(message))
  } catch (error) {
    // Ids only: attributes and metadata are personal.
    // oxlint-disable-next-line no-console -- the console is the log of a Lambda
    console.error(
      JSON.stringify({
        message: 'Cognito event not forwarded',
        trigger: event.triggerSource,
        userPoolId: event.userPoolId,
        sub: event.request?.userAttributes?.sub,
        error: error.name,
        reason: error.message,
      }),
    )
  }
  return event
}

const attemptMs = 1800

// A deployment without a queue can't ever work: it fails when it is tried out, not silently for every user after.
const queueUrl = process.env.EVENTS_QUEUE_URL
if (!queueUrl) throw new Error('EVENTS_QUEUE_URL is not set')

// The attempts are counted here: the SDK's own would share one time limit.
const sqs = new SQSClient({ maxAttempts: 1 })

/** @param {SendMessageCommand} message */
function send(message) {
  return sqs.send(message, { abortSignal: AbortSignal.timeout(attemptMs) })
}
