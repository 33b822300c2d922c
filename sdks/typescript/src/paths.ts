/** Paths and names as parts of an address. `..` is refused here: a URL would drop it, and lead somewhere else. */
import { InvalidArgumentError } from './errors.js'

/** A path in a filesystem, absolute or from its root. Bytes are for names that are not UTF-8. */
export type FilePath = string | Uint8Array

/** A path, percent-encoded, with a leading `/`; empty and `.` components drop out as they do in the server. */
export function encodePath(path: FilePath): string {
  const encoded = typeof path === 'string' ? path.split('/').map(encodeText) : encodeBytes(path).split('/')
  const parts = encoded.filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new InvalidArgumentError('the path holds `..`; give the path that it leads to instead')
  return `/${parts.join('/')}`
}

/** The id or name of something as one segment of an address. */
export function encodeName(what: string, name: string): string {
  if (typeof name !== 'string' || name === '' || name === '.' || name === '..') {
    throw new InvalidArgumentError(`\`${name}\` is neither the id nor the name of a ${what}`)
  }
  return encodeText(name)
}

function encodeText(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    throw new InvalidArgumentError('the text holds half a surrogate pair and cannot be encoded')
  }
}

function encodeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const plain = byte === 0x2f || byte === 0x2d || byte === 0x2e || byte === 0x5f || byte === 0x7e
    const letter = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
    return plain || letter ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`
  }).join('')
}
