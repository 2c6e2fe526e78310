// A real Bluesky server (PDS) with its directory of identities (PLC) on loopback, in memory and a folder that is thrown away. There is
// no app view that could run here; in its place stands one that knows profiles alone (those of the server's accounts), and what else
// an app view answers (unmute, bookmarks) is 502. Prints one line when all listen:
//
//     CLEANUP_PDS=http://127.0.0.1:PORT CLEANUP_PLC=http://127.0.0.1:PORT CLEANUP_PDS_ADMIN=PASSWORD
//
// Ends at SIGTERM or SIGINT, and with its standard input when that is a pipe, so that it never outlives who started it.
// env: PDS_PORT, PLC_PORT (default: free ones), PDS_RATE_LIMITS=0 (default: as in the field), PDS_APP_VIEW (address)
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { PDS } from '@atproto/pds'

const plc = createRequire(import.meta.url)('@did-plc/server')
// Where nobody listens.
const NOBODY = 'http://127.0.0.1:9'

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

// Both servers listen at every address unless told otherwise; these are for this machine alone.
const onLoopback = (app) => {
  const listen = app.listen.bind(app)
  app.listen = (port) => listen(port, '127.0.0.1')
}

const pdsPort = Number(process.env.PDS_PORT ?? (await freePort()))
const plcPort = Number(process.env.PLC_PORT ?? (await freePort()))
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'cleanup-pds-'))
fs.mkdirSync(path.join(data, 'blobs'))
process.on('exit', () => fs.rmSync(data, { recursive: true, force: true }))

// Profiles of the accounts that the server has, as an app view gives them: one that is deleted, suspended or deactivated has none.
const profile = async (did) => {
  const found = await fetch(`http://127.0.0.1:${pdsPort}/xrpc/com.atproto.repo.describeRepo?repo=${encodeURIComponent(did)}`)
  return found.ok ? [{ did, handle: (await found.json()).handle }] : []
}
const appView = http.createServer(async (request, response) => {
  const asked = new URL(request.url, 'http://localhost')
  if (asked.pathname !== '/xrpc/app.bsky.actor.getProfiles') return request.socket.destroy()
  const profiles = (await Promise.all(asked.searchParams.getAll('actors').map(profile))).flat()
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ profiles }))
})
await new Promise((resolve) => appView.listen(0, '127.0.0.1', resolve))
const adminPassword = randomBytes(16).toString('hex')

const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort })
onLoopback(directory.app)
await directory.start()

const pds = await PDS.fromEnv({
  devMode: true,
  hostname: 'localhost',
  port: pdsPort,
  dataDirectory: data,
  blobstoreDiskLocation: path.join(data, 'blobs'),
  // Nobody else gets at this server, and it lives for some minutes.
  adminPassword,
  jwtSecret: randomBytes(16).toString('hex'),
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
  didPlcUrl: `http://localhost:${plcPort}`,
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  // As bsky.social does: a session tells where the account's own server is.
  enableDidDocWithSession: true,
  disableSsrfProtection: true,
  rateLimitsEnabled: process.env.PDS_RATE_LIMITS !== '0',
  bskyAppViewUrl: process.env.PDS_APP_VIEW ?? `http://127.0.0.1:${appView.address().port}`,
  bskyAppViewDid: 'did:web:localhost',
  modServiceUrl: NOBODY,
  modServiceDid: 'did:web:localhost',
  crawlers: [],
})
onLoopback(pds.app)
await pds.start()

const end = () => process.exit(0)
process.on('SIGTERM', end)
process.on('SIGINT', end)
if (fs.fstatSync(0).isFIFO()) process.stdin.on('close', end).resume()

console.log(`CLEANUP_PDS=http://127.0.0.1:${pdsPort} CLEANUP_PLC=http://127.0.0.1:${plcPort} CLEANUP_PDS_ADMIN=${adminPassword}`)
