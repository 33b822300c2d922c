// A large file up and down: equal checksums, bounded memory. HOLDFAST_SDK_LARGE_MIB sets its size; 512 if absent.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { filesystem } from './sdk.mjs'

const BYTES = Number(process.env.HOLDFAST_SDK_LARGE_MIB || 512) * 2 ** 20
const PEAK_MAX_MB = 150
// Node 24 collects young garbage so late that its own `fetch`, read and dropped, takes 145 MB. There the young generation is
// kept small, so that what is measured is what is held, and not what waits to be collected.
const YOUNG = Number(process.versions.node.split('.')[0]) >= 24 ? ['--max-semi-space-size=1'] : []
const child = fileURLToPath(new URL('large.mjs', import.meta.url))

test('a large file goes up and down with flat memory', async (t) => {
  const files = await filesystem(t)
  await files.resize(2 * BYTES + 2 ** 30)
  const place = mkdtempSync('/var/tmp/holdfast-sdk-')
  t.after(() => rmSync(place, { recursive: true }))
  const checksums = []
  for (const what of ['upload', 'download', 'download-file', 'upload-file']) {
    const output = execFileSync(process.execPath, [...YOUNG, child, what, files.id, String(BYTES), `${place}/large`], { encoding: 'utf8' })
    const { sha256, peakMB, seconds } = JSON.parse(output)
    t.diagnostic(`${what}: ${BYTES / 2 ** 20} MiB in ${seconds.toFixed(1)} s, at most ${peakMB.toFixed(0)} MB resident`)
    assert.ok(peakMB < PEAK_MAX_MB, `${what} took ${peakMB} MB`)
    checksums.push(sha256)
  }
  assert.equal(new Set(checksums).size, 1, 'the checksums are equal')
  assert.equal((await files.stat('/large-again')).size, BYTES)
  assert.equal(statSync(`${place}/large`).size, BYTES)
})
