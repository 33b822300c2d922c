// Faults of the network: what is repeated, what is raised; nothing is made twice, and no file is ever half.
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import test from 'node:test'
import { fails, filesystem, name, sdk, url } from './sdk.mjs'
import { faulty } from './proxy.mjs'

const { Filesystem } = sdk
const big = Buffer.alloc(2_000_000, 'Holdfast ')

/** The filesystem of a test, seen through a proxy with these faults, none of which hit the look-up. */
async function through(t, ...faults) {
  const direct = await filesystem(t)
  const proxy = await faulty(t, url, 'pass', ...faults)
  const files = await Filesystem.connect(direct.id, { url: proxy.url })
  proxy.seen.length = 0
  return { direct, files, seen: proxy.seen }
}

test('reading is repeated: reset, lost answers, 502, 503, 504', async (t) => {
  const faults = ['refuse', 'lose', { status: 502 }, { status: 503, headers: { 'retry-after': '0' } }]
  const { direct, files, seen } = await through(t, ...faults, 'pass', ...faults, 'pass', 'lose', { status: 504 })
  await direct.write('/f', 'content')
  assert.equal(await files.read('/f'), 'content')
  assert.equal(seen.length, 5)
  assert.equal((await files.stat('/f')).size, 7)
  assert.equal(seen.length, 10)
  assert.equal((await files.list('/')).length, 1)
  assert.equal(seen.length, 13)
})

test('a server that stays away is an error of its own kind, after the last try', async (t) => {
  const down = { status: 503, body: '{"code": 503, "message": "the store is away", "error": "unavailable"}' }
  const { files, seen } = await through(t, down, down, down, down, down)
  await fails(files.read('/f', { maxRetries: 2 }), sdk.UnavailableError, { kind: 'unavailable' }, /the store is away/)
  assert.equal(seen.length, 3)
  await fails(sdk.health({ url: 'http://127.0.0.1:1', maxRetries: 1 }), sdk.ConnectionFailedError, {}, /127\.0\.0\.1|ECONNREFUSED|fetch/)
})

test('a whole file is written again after any fault, and is whole', async (t) => {
  const half = { half: 'request', bytes: 500_000 }
  const { direct, files, seen } = await through(t, 'refuse', half, 'lose', { status: 503 })
  await direct.write('/f', 'old')
  assert.equal((await files.write('/f', big)).size, big.length)
  assert.deepEqual(seen.map((one) => one.method), ['PUT', 'PUT', 'PUT', 'PUT', 'PUT'])
  assert.ok(big.equals(await direct.read('/f', { format: 'bytes' })))
})

test('a local file is opened again', async (t) => {
  const { direct, files } = await through(t, { half: 'request', bytes: 500_000 })
  const place = fs.mkdtempSync('/tmp/holdfast-sdk-')
  t.after(() => fs.rmSync(place, { recursive: true }))
  fs.writeFileSync(`${place}/big`, big)
  let last
  await files.upload(`${place}/big`, '/big', { onProgress: (progress) => (last = progress) })
  assert.deepEqual([last.bytes, last.files], [big.length, 1])
  assert.ok(big.equals(await direct.read('/big', { format: 'bytes' })))
})

test('a stream is sent once; where that breaks, the old content stays', async (t) => {
  const { direct, files, seen } = await through(t, { half: 'request', bytes: 500_000 }, { status: 503 })
  await direct.write('/f', 'old')
  let closed = 0
  const source = async function* () {
    try {
      for (let at = 0; at < big.length; at += 100_000) yield big.subarray(at, at + 100_000)
    } finally {
      closed += 1
    }
  }
  await fails(files.write('/f', source()), sdk.ConnectionFailedError)
  await fails(files.write('/f', source()), sdk.UnavailableError)
  assert.deepEqual([seen.length, closed], [2, 2])
  // The server sees the end of the connection a moment later; the content must not change even then.
  await new Promise((later) => setTimeout(later, 200))
  assert.equal(await direct.read('/f'), 'old')
})

test('a conditional write is not repeated after a lost answer', async (t) => {
  const { direct, files, seen } = await through(t, 'lose', { status: 429, headers: { 'retry-after': '0' } })
  await fails(files.write('/new', 'mine', { ifNoneMatch: '*' }), sdk.ConnectionFailedError)
  assert.equal(seen.length, 1)
  assert.equal(await direct.read('/new'), 'mine')
  const { etag } = await files.write('/new', 'next', { ifMatch: (await direct.stat('/new')).etag })
  assert.equal(seen.length, 3)
  assert.equal((await direct.stat('/new')).etag, etag)
})

test('nothing is made twice', async (t) => {
  const wait = { status: 429, headers: { 'retry-after': '1' } }
  const proxy = await faulty(t, url, 'lose', { status: 503 }, wait)
  const lost = name('lost')
  await fails(Filesystem.create(lost, '1gb', { url: proxy.url }), sdk.ConnectionFailedError)
  t.after(() => Filesystem.delete(lost))
  assert.equal((await Filesystem.list()).filter((one) => one.name === lost).length, 1)
  await fails(Filesystem.create(name('refused'), '1gb', { url: proxy.url }), sdk.UnavailableError)
  assert.equal(proxy.seen.length, 2)

  const started = Date.now()
  const made = await Filesystem.create(name('waited'), '1gb', { url: proxy.url })
  t.after(() => Filesystem.delete(made.id))
  assert.ok(Date.now() - started >= 1000, 'Retry-After is waited for')
  assert.equal(proxy.seen.length, 4)

  const { files, seen, direct } = await through(t, 'lose', 'lose', 'lose')
  await direct.write('/a', 'a')
  for (const call of [() => files.move('/a', '/b'), () => files.snapshot('one'), () => files.delete('/b')]) {
    await fails(call(), sdk.ConnectionFailedError)
  }
  assert.equal(seen.length, 3)
  assert.deepEqual([(await direct.snapshots()).length, await direct.exists('/b')], [1, false])
})

test('a wait that is too long is left to the caller', async (t) => {
  const { files, seen } = await through(t, { status: 429, headers: { 'retry-after': '3600' } })
  await fails(files.stat('/'), sdk.TooManyRequestsError, { retryAfterMs: 3_600_000 })
  assert.equal(seen.length, 1)
})

test('silence is an error after its time', async (t) => {
  const slow = { delay: 1500 }
  const { direct, files, seen } = await through(t, slow, slow, slow, slow)
  await direct.write('/f', 'content')
  await fails(files.read('/f', { timeoutMs: 200, maxRetries: 0 }), sdk.RequestTimeoutError, {}, /200 ms/)
  await fails(files.mkdir('/d', { timeoutMs: 200 }), sdk.RequestTimeoutError)
  assert.equal(seen.length, 2)
  assert.equal(await files.read('/f', { timeoutMs: 200, maxRetries: 4 }), 'content')
  assert.equal(seen.length, 5)
  assert.equal(await files.read('/f', { timeoutMs: 10_000 }), 'content')
})

test('half an answer is taken up where it broke', async (t) => {
  const { direct, files, seen } = await through(t, { half: 'answer' }, { half: 'answer' })
  const { etag } = await direct.write('/f', big)
  assert.ok(big.equals(await files.read('/f', { format: 'bytes' })))
  assert.deepEqual(seen.map(({ headers }) => [headers.range, headers['if-match']]), [
    [undefined, undefined], ['bytes=1000000-', etag], ['bytes=1500000-', etag],
  ])
})

test('half of a range is taken up where it broke', async (t) => {
  const { direct, files, seen } = await through(t, { half: 'answer' })
  await direct.write('/f', big)
  const part = await files.read('/f', { format: 'bytes', offset: 1000, length: 1_000_000 })
  assert.ok(big.subarray(1000, 1_001_000).equals(part))
  assert.deepEqual(seen.map(({ headers }) => headers.range), ['bytes=1000-1000999', 'bytes=501000-1000999'])
})

test('a file that changes between two halves is an error, not a mixture', async (t) => {
  const direct = await filesystem(t)
  await direct.write('/f', big)
  const proxy = await faulty(t, url, 'pass', { half: 'answer', then: () => direct.write('/f', 'other') })
  const files = await Filesystem.connect(direct.id, { url: proxy.url })
  await fails(files.read('/f'), sdk.PreconditionFailedError)
})

test('half an answer of JSON is asked for again, but not where something was made', async (t) => {
  const { direct, files, seen } = await through(t, { half: 'answer' })
  await direct.write('/f', 'content')
  assert.equal((await files.stat('/f')).size, 7)
  assert.equal(seen.length, 2)
  const proxy = await faulty(t, url, { half: 'answer' })
  const made = name('half')
  await fails(Filesystem.create(made, '1gb', { url: proxy.url }), sdk.ConnectionFailedError)
  assert.equal(proxy.seen.length, 1)
  await Filesystem.delete(made)
})

test('a download that fails leaves no file, half or whole', async (t) => {
  const broken = { half: 'answer' }
  const { direct, files } = await through(t, 'pass', broken, 'pass', broken, 'pass', broken)
  await direct.write('/tree/f', big)
  const place = fs.mkdtempSync('/tmp/holdfast-sdk-')
  t.after(() => fs.rmSync(place, { recursive: true }))
  await fails(files.download('/tree/f', `${place}/f`, { maxRetries: 0 }), sdk.ConnectionFailedError)
  await fails(files.download('/tree', `${place}/tree`, { maxRetries: 0 }), sdk.ConnectionFailedError)
  assert.deepEqual(fs.readdirSync(place, { recursive: true }), ['tree'])
  fs.writeFileSync(`${place}/f`, 'old')
  await fails(files.download('/tree/f', `${place}/f`, { maxRetries: 0 }), sdk.ConnectionFailedError)
  assert.equal(fs.readFileSync(`${place}/f`, 'utf8'), 'old')
  assert.equal((await files.download('/tree/f', `${place}/f`)).bytes, big.length)
  assert.ok(big.equals(fs.readFileSync(`${place}/f`)))
})

test('an upload of a tree that breaks is raised, and leaves whole files only', async (t) => {
  const { direct, files, seen } = await through(t, 'pass', { half: 'request', bytes: 3_000_000 })
  const entries = [0, 1, 2].map((index) => ({ path: `f${index}`, content: big }))
  await fails(files.upload(entries, '/tree'), sdk.ConnectionFailedError)
  assert.deepEqual(seen.map((one) => one.method), ['POST', 'POST'])
  await new Promise((later) => setTimeout(later, 200))
  for (const entry of await direct.list('/tree')) assert.equal(entry.size, big.length, entry.path)
  assert.ok((await direct.list('/tree')).length < 3)
})
