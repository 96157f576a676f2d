// Imported into every process of a test before its own code: should the test's process be killed, nothing of it stays.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.exit(1)
}, 1000).unref()
