/** What uploads and downloads of trees have in common: counting, telling, names. */
import type { Progress, TransferOptions } from './options.js'

/** What a transfer moved. */
export interface Transferred {
  files: number
  directories: number
  /** Symbolic and hard links. */
  links: number
  /** Devices, pipes and sockets, which were left out. */
  skipped: number
  /** Bytes of file content. */
  bytes: number
}

/** Counts, and tells whoever wants to know. */
export class Meter {
  readonly #progress: Progress = { path: '', files: 0, bytes: 0 }
  readonly #tell: TransferOptions['onProgress']

  constructor({ onProgress }: TransferOptions, totals: Partial<Progress> = {}) {
    this.#tell = onProgress
    Object.assign(this.#progress, totals)
  }

  async *count(path: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    this.#progress.path = path
    for await (const piece of pieces) {
      yield piece
      this.#progress.bytes += piece.byteLength
      this.#tell?.({ ...this.#progress })
    }
    this.#progress.files += 1
    this.#tell?.({ ...this.#progress })
  }
}

/** Names are bytes; this shows them. */
export const shown = (binary: string): string => new TextDecoder().decode(Uint8Array.from(binary, (one) => one.charCodeAt(0)))
