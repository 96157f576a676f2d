/** All our keys in Redis begin with this. */
export const redisPrefix = 'millrace'
