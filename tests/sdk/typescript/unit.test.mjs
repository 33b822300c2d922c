// What needs no server: sizes, paths, options, errors, repetition, archives, and the requests of the attachment calls.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { fails, home, inside, scripted, sdk } from './sdk.mjs'

const info = { id: 'fs-1', name: 'one', sizeBytes: 1, sizeGB: 1, labels: {}, durability: 'local', compression: 'lz4', createdAt: '', updatedAt: '' }

test('sizes are exact, and what makes no sense is refused', () => {
  for (const [size, bytes] of [
    ['5gb', 5e9], ['1.5gib', 1610612736], ['1.1 GB', 1_100_000_000], ['2 GiB', 2 ** 31], ['512', 512], [1024, 1024],
    ['0.000000001gb', 1], ['1kib', 1024], ['3tb', 3e12],
  ]) assert.equal(sdk.parseSize(size), bytes, String(size))
  for (const size of ['', 'gb', '5 parsecs', '-1gb', '1.5.5gb', '1e3', '5gbb', '.5gb', '5.gb', 0, '0gb', -1, 1.5, NaN, Infinity, '0.5b',
    '99999999tb', 2 ** 60]) {
    assert.throws(() => sdk.parseSize(size), sdk.InvalidArgumentError, String(size))
  }
})

test('paths become addresses that no URL parser changes', async () => {
  const { encodePath, encodeName } = await inside('paths')
  for (const [path, encoded] of [
    ['', '/'], ['/', '/'], ['a', '/a'], ['/a//b/./c/', '/a/b/c'], ['/a b/ü?#%', '/a%20b/%C3%BC%3F%23%25'], ['...', '/...'],
    ['%2e%2e', '/%252e%252e'], [new Uint8Array([0x2f, 0x61, 0xff]), '/a%ff'],
  ]) {
    assert.equal(encodePath(path), encoded)
    assert.equal(new URL(`http://h${encoded}`).pathname, encoded)
  }
  for (const path of ['..', '/a/../b', 'a/..', '\ud800', new TextEncoder().encode('a/..')]) {
    assert.throws(() => encodePath(path), sdk.InvalidArgumentError)
  }
  for (const wrong of ['', '.', '..', undefined]) assert.throws(() => encodeName('filesystem', wrong), sdk.InvalidArgumentError)
})

test('without a key or with a wrong address the error says what to set', async () => {
  const key = process.env.HOLDFAST_API_KEY
  delete process.env.HOLDFAST_API_KEY
  try {
    await fails(sdk.Filesystem.connect('x'), sdk.InvalidArgumentError, {}, /HOLDFAST_API_KEY/)
    await fails(sdk.Filesystem.list(), sdk.InvalidArgumentError, {}, /HOLDFAST_API_KEY/)
    assert.throws(() => new sdk.Admin({ url: 'x' }), /http:\/\//)
  } finally {
    process.env.HOLDFAST_API_KEY = key
  }
})

test('every kind of error is a class of its own, below the class of its status', async () => {
  const { errorKinds } = await inside('generated/errors')
  assert.ok(Object.keys(errorKinds).length > 30)
  for (const [kind, { errorClass, status }] of Object.entries(errorKinds)) {
    const { options } = scripted({ status, json: { code: status, error: kind, message: 'no', limit: 5, used: 6 }, headers: { 'x-request-id': 'r1' } })
    const request = 'GET /filesystems/x'
    const fields = { kind, status, requestId: 'r1', limit: 5, used: 6, request }
    await fails(sdk.Filesystem.get('x', { ...options, maxRetries: 0 }), errorClass, fields, /^no \(GET/)
  }
  for (const [status, errorClass] of [[404, sdk.NotFoundError], [409, sdk.ConflictError], [507, sdk.QuotaExceededError], [418, sdk.ApiError]]) {
    const { options } = scripted({ status, json: { error: 'invented_since', message: 'no' } }, { status, text: '<html>' })
    await fails(sdk.Filesystem.get('x', options), errorClass, { kind: 'invented_since' })
    await fails(sdk.Filesystem.get('x', options), errorClass, { kind: undefined, status }, /<html>/)
  }
})

test('what may be repeated is, and what may not is not', async () => {
  const { waitMs } = await inside('retry')
  const answer = (status, retryAfterMs) => new sdk.ApiError('', { status, retryAfterMs, request: '' })
  const lost = new sdk.ConnectionFailedError('', { cause: new Error('reset') })
  const refused = new sdk.ConnectionFailedError('', { cause: Object.assign(new TypeError(), { cause: { code: 'ECONNREFUSED' } }) })
  const silent = new sdk.RequestTimeoutError('')
  for (const [error, always, unsent] of [
    [answer(429, 2000), true, true], [answer(503), true, false], [answer(502), true, false], [answer(504), true, false],
    [answer(500), false, false], [answer(404), false, false], [answer(412), false, false], [answer(429, 61_000), false, false],
    [lost, true, false], [refused, true, true], [silent, true, false], [new Error(), false, false],
  ]) {
    assert.equal(waitMs(error, 'always', 0) !== undefined, always, String(error))
    assert.equal(waitMs(error, 'unsent', 0) !== undefined, unsent, String(error))
  }
  assert.equal(waitMs(answer(429, 2000), 'unsent', 0, () => 0), 2000)
  assert.deepEqual([0, 1, 2, 9].map((tries) => waitMs(lost, 'always', tries, () => 1)), [100, 200, 400, 5000])
  const { retryAfterMs } = await inside('refusal')
  assert.equal(retryAfterMs('3'), 3000)
  assert.equal(retryAfterMs(null), undefined)
  assert.equal(retryAfterMs('soon'), undefined)
  assert.ok(Math.abs(retryAfterMs(new Date(Date.now() + 5000).toUTCString()) - 5000) < 1500)
})

test('a filesystem shows no key', async () => {
  const { inspect } = await import('node:util')
  const { options } = scripted({ json: info })
  const found = await sdk.Filesystem.connect('one', { ...options, apiKey: 'e2b_secret' })
  assert.ok(!inspect(found, { depth: 9, showHidden: true }).includes('e2b_secret'))
  assert.deepEqual(JSON.parse(JSON.stringify(found)), info)
})

test('attachments are asked for as the server documents them', async () => {
  const attachment = { id: 'att-1', host: 'h', port: 2049 }
  const { options, requests } = scripted(
    { json: info }, { status: 201, json: { ...attachment, exportPath: '/s' } }, { status: 201, json: attachment }, { json: [attachment] },
    { json: attachment }, { status: 204 }, { status: 204 }, { status: 204 },
  )
  const found = await sdk.Filesystem.connect('one', options)
  const grant = { readOnly: true, subpath: '/a', uidPolicy: 'map', uid: 1, gid: 2, allowedAddresses: ['10.0.0.0/8'], expiresInSeconds: 60, owner: 'ci' }
  assert.equal((await found.attach({ ...grant, timeoutMs: 1000 })).exportPath, '/s')
  await found.attach()
  assert.deepEqual(await found.attachments(), [attachment])
  assert.deepEqual(await found.attachment('att-1'), attachment)
  await found.detach('att-1')
  await found.detach(attachment)
  await sdk.Filesystem.delete('one', { ...options, force: true })
  const seen = requests.slice(1).map(({ method, path, query, body }) => [method, path, query, body && JSON.parse(body)])
  assert.deepEqual(seen, [
    ['POST', '/filesystems/fs-1/attachments', {}, grant],
    ['POST', '/filesystems/fs-1/attachments', {}, {}],
    ['GET', '/filesystems/fs-1/attachments', {}, undefined],
    ['GET', '/filesystems/fs-1/attachments/att-1', {}, undefined],
    ['DELETE', '/filesystems/fs-1/attachments/att-1', {}, undefined],
    ['DELETE', '/filesystems/fs-1/attachments/att-1', {}, undefined],
    ['DELETE', '/filesystems/one', { force: 'true' }, undefined],
  ])
})

test('an archive reads back as it was written, whatever the pieces', async () => {
  const { END, TarReader, gathered, padding, tarHeader } = await inside('tar')
  const base = { link: '', mode: 0o644, uid: 0, gid: 0, size: 0 }
  const members = [
    { ...base, kind: 'directory', path: 'd/', mode: 0o755 },
    { ...base, kind: 'file', path: 'd/\u00c3\u00bc', size: 700, uid: 1000, gid: 7 },
    { ...base, kind: 'file', path: `${'long/'.repeat(40)}name`, size: 512, uid: 1 << 28 },
    { ...base, kind: 'symlink', path: 'link', link: 'x'.repeat(300) },
    { ...base, kind: 'link', path: 'hard', link: 'd/\u00c3\u00bc' },
    { ...base, kind: 'file', path: 'empty' },
    { ...base, kind: 'other', path: 'pipe' },
  ]
  const parts = members.flatMap((member) => [tarHeader(member), new Uint8Array(member.size).fill(7), new Uint8Array(padding(member.size))])
  const bytes = Buffer.concat([...parts, END])
  assert.equal(bytes.length % 512, 0)
  for (const size of [1, 7, 512, 1000, 1 << 20]) {
    const pieces = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const reader = new TarReader(gathered(pieces(), 600)[Symbol.asyncIterator]())
    for (const member of members) {
      assert.deepEqual(await reader.next(), member)
      let content = 0
      // Every second file is left unread, and must be skipped.
      if (member.size === 700) for await (const piece of reader.content()) content += piece.length
      if (member.size === 700) assert.equal(content, 700)
    }
    assert.equal(await reader.next(), undefined)
  }
  const cut = new TarReader((async function* () { yield bytes.subarray(0, 2100) })())
  await cut.next()
  await cut.next()
  await fails(cut.next(), sdk.ConnectionFailedError, {}, /in the middle/)
  const broken = Buffer.from(bytes)
  broken[3] ^= 1
  await fails(new TarReader((async function* () { yield broken })()).next(), sdk.ConnectionFailedError, {}, /no header/)
})

test('an archive cannot write outside of the directory', async (t) => {
  const { mkdtempSync, existsSync, rmSync, symlinkSync } = await import('node:fs')
  const { END, padding, tarHeader } = await inside('tar')
  const { unpack } = await inside('unpack')
  const { Meter } = await inside('transfer')
  const place = mkdtempSync('/tmp/holdfast-sdk-')
  t.after(() => rmSync(place, { recursive: true }))
  const base = { link: '', mode: 0o644, uid: 0, gid: 0, size: 0, kind: 'file' }
  const file = (path) => [tarHeader({ ...base, path, size: 4 }), Buffer.from('evil'), new Uint8Array(padding(4))]
  const link = (path, to, kind = 'symlink') => [tarHeader({ ...base, kind, path, link: to })]
  const attempt = async (...parts) => {
    const pieces = (async function* () { yield Buffer.concat([...parts.flat(), END]) })()
    return unpack(pieces, `${place}/in`, new Meter({}))
  }
  await assert.rejects(attempt(file('../out')), /the path/)
  await assert.rejects(attempt(file('a/../../out')), /the path/)
  await assert.rejects(attempt(link('hard', '../out', 'link')), /the path/)
  await assert.rejects(attempt(link('up', '..'), file('up/out')), /EEXIST/)
  symlinkSync('..', `${place}/in/there`)
  await assert.rejects(attempt(file('there/out')), /EEXIST/)
  assert.equal((await attempt(file('/abs'))).files, 1)
  assert.ok(existsSync(`${place}/in/abs`) && !existsSync(`${place}/out`))
})

test('the version is that of the package', () => {
  assert.equal(sdk.VERSION, JSON.parse(readFileSync(`${home}/package.json`, 'utf8')).version)
})
