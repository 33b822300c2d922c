/** Paths on the local disk. Apart from the rest, so that no type of this package needs the types of Node. */
export type LocalPath = string | Buffer

/** Bytes as a local path: text where that says it exactly, because not every runtime takes bytes. */
export function localPath(...parts: Uint8Array[]): LocalPath {
  const bytes = Buffer.concat(parts)
  const text = bytes.toString('utf8')
  return bytes.equals(Buffer.from(text)) ? text : bytes
}
