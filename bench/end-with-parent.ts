// Imported into every process of the bench before its own code: should the bench be killed, nothing of it stays.
process.on('disconnect', () => process.exit(1))
