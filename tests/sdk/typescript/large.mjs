// Moves one large file in a process of its own, and prints the checksum and the peak of resident memory.
//   large.mjs upload|upload-file|download|download-file ID BYTES [LOCAL]
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { sdk } from './sdk.mjs'

const [what, id, size, local] = process.argv.slice(2)
const files = await sdk.Filesystem.connect(id)
const hash = createHash('sha256')

const PIECE_BYTES = 1 << 18

/** Bytes that differ from piece to piece. */
async function* content(bytes) {
  let piece = createHash('sha256').update('seed').digest()
  for (let left = bytes; left > 0; left -= PIECE_BYTES) {
    piece = createHash('sha256').update(piece).digest()
    const block = Buffer.alloc(Math.min(left, PIECE_BYTES), piece)
    hash.update(block)
    yield block
  }
}

const calls = {
  upload: () => files.write('/large', content(Number(size))),
  download: async () => {
    const reader = (await files.read('/large', { format: 'stream' })).getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) hash.update(next.value)
  },
  'download-file': async () => {
    await files.download('/large', local)
    for await (const piece of createReadStream(local)) hash.update(piece)
  },
  'upload-file': async () => {
    await files.upload(local, '/large-again')
    for await (const piece of createReadStream(local)) hash.update(piece)
  },
}
const started = Date.now()
await calls[what]()
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
console.log(JSON.stringify({ sha256: hash.digest('hex'), peakMB: (Number(peak[1]) * 1024) / 1e6, seconds: (Date.now() - started) / 1000 }))
