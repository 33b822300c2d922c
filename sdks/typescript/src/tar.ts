/**
 * Tar archives (POSIX ustar with pax records; GNU's long names are read) to and from bytes, member by member. Names are
 * "binary" strings, one character a byte, because names of files are bytes. No I/O here.
 */
import { ConnectionFailedError } from './errors.js'

export const BLOCK = 512
/** Longest pax header or GNU name that is read. */
const EXTENDED_MAX = 1 << 20
const OCTAL_7_MAX = 0o7777777
const OCTAL_11_MAX = 0o77777777777

type Kind = 'file' | 'link' | 'symlink' | 'directory' | 'other'

const KINDS: Record<string, Kind> = { '0': 'file', '1': 'link', '2': 'symlink', '5': 'directory', '7': 'file' }

export interface TarHeader {
  kind: Kind
  path: string
  /** Where a link leads. */
  link: string
  mode: number
  uid: number
  gid: number
  size: number
}

/** Zeros between content of this size and the next header. */
export const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK

/** What ends an archive. */
export const END = new Uint8Array(2 * BLOCK)

/** The blocks of a member: its header, with a pax header in front where something does not fit. */
export function tarHeader(header: TarHeader): Uint8Array {
  const { path, link, size, uid, gid } = header
  let records = ''
  const isPlain = (text: string): boolean => text.length <= 100 && /^[\x01-\x7f]*$/.test(text)
  if (!isPlain(path)) records += record('path', path)
  if (!isPlain(link)) records += record('linkpath', link)
  if (size > OCTAL_11_MAX) records += record('size', String(size))
  if (uid > OCTAL_7_MAX) records += record('uid', String(uid))
  if (gid > OCTAL_7_MAX) records += record('gid', String(gid))
  const flag = Object.entries(KINDS).find(([, kind]) => kind === header.kind)?.[0] ?? '6'
  const main = block(flag, header)
  if (records === '') return main
  const extended = block('x', { ...header, path: '././@PaxHeader', link: '', mode: 0o644, uid: 0, gid: 0, size: records.length })
  const blocks = new Uint8Array(2 * BLOCK + records.length + padding(records.length))
  blocks.set(extended)
  put(blocks, BLOCK, records)
  blocks.set(main, blocks.length - BLOCK)
  return blocks
}

function block(flag: string, { path, link, mode, uid, gid, size }: TarHeader): Uint8Array {
  const bytes = new Uint8Array(BLOCK)
  const octal = (at: number, width: number, value: number, max: number): void =>
    put(bytes, at, Math.min(value, max).toString(8).padStart(width - 1, '0'))
  put(bytes, 0, path.slice(0, 100))
  octal(100, 8, mode & 0o7777, OCTAL_7_MAX)
  octal(108, 8, uid, OCTAL_7_MAX)
  octal(116, 8, gid, OCTAL_7_MAX)
  octal(124, 12, size, OCTAL_11_MAX)
  octal(136, 12, 0, 0)
  put(bytes, 148, '        ')
  put(bytes, 156, flag)
  put(bytes, 157, link.slice(0, 100))
  put(bytes, 257, 'ustar\0' + '00')
  octal(148, 7, sum(bytes), OCTAL_7_MAX)
  bytes[154] = 0
  return bytes
}

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  // The length counts its own digits.
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return `${length}${rest}`
}

function put(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) bytes[at + index] = text.charCodeAt(index)
}

const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0)

function binary(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text
}

const untilNul = (bytes: Uint8Array): string => (binary(bytes).split('\0', 1)[0] as string)

function broken(what: string): ConnectionFailedError {
  return new ConnectionFailedError(`the archive ${what}`)
}

function number(field: Uint8Array): number {
  const first = field[0] ?? 0
  // GNU writes what does not fit in base 256.
  if (first & 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, first & 0x7f)
  const digits = untilNul(field).trim()
  if (!/^[0-7]*$/.test(digits)) throw broken('holds a number that is none')
  return parseInt(digits || '0', 8)
}

/** What long headers say about the next member. */
type Long = Partial<Record<'path' | 'linkpath' | 'size' | 'uid' | 'gid', string>>

function paxRecords(text: string): Long {
  const found: Record<string, string> = {}
  for (let at = 0; at < text.length && text[at] !== '\0'; ) {
    const match = /^(\d{1,9}) ([^=]*)=/.exec(text.slice(at, at + 300))
    const length = Number(match?.[1] ?? 0)
    if (!match || length <= match[0].length || text[at + length - 1] !== '\n') throw broken('holds a malformed pax header')
    found[match[2] as string] = text.slice(at + match[0].length, at + length - 1)
    at += length
  }
  return found
}

/** Reads an archive from pieces of any size. Take what you need of a member's content before the next `next`. */
export class TarReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #ready: Uint8Array = new Uint8Array(0)
  #left = 0
  #padding = 0

  constructor(pieces: AsyncIterator<Uint8Array>) {
    this.#pieces = pieces
  }

  /** The next member; `undefined` at the end. What was not taken of the one before is skipped. */
  async next(): Promise<TarHeader | undefined> {
    let long: Long = {}
    for (;;) {
      while ((await this.#some()) !== undefined);
      await this.#exactly(this.#padding)
      const bytes = await this.#exactly(BLOCK)
      this.#padding = 0
      if (bytes.every((byte) => byte === 0)) return undefined
      const flag = this.#read(bytes)
      const size = number(bytes.subarray(124, 136))
      if (flag === 'x' || flag === 'L' || flag === 'K') {
        if (size > EXTENDED_MAX) throw broken('holds a header that is too long')
        const content = await this.#exactly(size)
        await this.#exactly(padding(size))
        if (flag === 'x') long = { ...long, ...paxRecords(binary(content)) }
        else long[flag === 'L' ? 'path' : 'linkpath'] = untilNul(content)
        continue
      }
      if (flag === 'g') {
        ;[this.#left, this.#padding] = [size, padding(size)]
        continue
      }
      return this.#member(bytes, flag, long)
    }
  }

  /** More of the present member's content; `undefined` after the last. */
  async *content(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const piece = await this.#some()
      if (piece === undefined) return
      yield piece
    }
  }

  #read(bytes: Uint8Array): string {
    const expected = sum(bytes) - sum(bytes.subarray(148, 156)) + 8 * 0x20
    if (number(bytes.subarray(148, 156)) !== expected) throw broken('holds a block that is no header')
    return String.fromCharCode(bytes[156] || 0x30)
  }

  #member(bytes: Uint8Array, flag: string, long: Long): TarHeader {
    const prefix = binary(bytes.subarray(257, 263)) === 'ustar\0' ? untilNul(bytes.subarray(345, 500)) : ''
    const short = untilNul(bytes.subarray(0, 100))
    const path = long.path ?? (prefix ? `${prefix}/${short}` : short)
    const kind = KINDS[flag] ?? 'other'
    const size = Number(long.size ?? number(bytes.subarray(124, 136)))
    if (!Number.isSafeInteger(size)) throw broken('holds a size that is none')
    const content = kind === 'file' || kind === 'other' ? size : 0
    ;[this.#left, this.#padding] = [content, padding(content)]
    return {
      kind: kind === 'file' && path.endsWith('/') ? 'directory' : kind,
      path,
      link: long.linkpath ?? untilNul(bytes.subarray(157, 257)),
      mode: number(bytes.subarray(100, 108)) & 0o7777,
      uid: Number(long.uid ?? number(bytes.subarray(108, 116))),
      gid: Number(long.gid ?? number(bytes.subarray(116, 124))),
      size: content,
    }
  }

  async #some(): Promise<Uint8Array | undefined> {
    if (this.#left === 0) return undefined
    if (this.#ready.length === 0) await this.#more()
    const piece = this.#ready.subarray(0, this.#left)
    this.#ready = this.#ready.subarray(piece.length)
    this.#left -= piece.length
    return piece
  }

  async #exactly(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      if (this.#ready.length === 0) await this.#more()
      const piece = this.#ready.subarray(0, length - at)
      bytes.set(piece, at)
      this.#ready = this.#ready.subarray(piece.length)
      at += piece.length
    }
    return bytes
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#pieces.next()
    if (done) throw broken('ends in the middle')
    this.#ready = value
  }
}

/** The same bytes in pieces of about this size, so that small members do not travel one by one. */
export async function* gathered(pieces: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void> {
  let buffer = new Uint8Array(size)
  let used = 0
  for await (const piece of pieces) {
    if (used + piece.length > size && used > 0) {
      yield buffer.subarray(0, used)
      buffer = new Uint8Array(size)
      used = 0
    }
    if (piece.length >= size) {
      yield piece
      continue
    }
    buffer.set(piece, used)
    used += piece.length
  }
  if (used > 0) yield buffer.subarray(0, used)
}
