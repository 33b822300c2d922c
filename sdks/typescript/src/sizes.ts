/** Sizes: a number of bytes, or text with a unit. The rules are those of the server. */
import { InvalidArgumentError } from './errors.js'

/** Bytes, or a text such as `500mb`, `5gb` (10^9 bytes each) or `1.5gib` (2^30). */
export type Size = number | string

const UNITS: Record<string, bigint> = {
  '': 1n, b: 1n, kb: 10n ** 3n, mb: 10n ** 6n, gb: 10n ** 9n, tb: 10n ** 12n,
  kib: 1n << 10n, mib: 1n << 20n, gib: 1n << 30n, tib: 1n << 40n,
}

/** A size in bytes. Exact: 1.1gb is 1,100,000,000 bytes, and what is no whole number of bytes is refused. */
export function parseSize(size: Size): number {
  if (typeof size === 'number') return checked(Number.isInteger(size) ? BigInt(size) : undefined, size)
  const match = /^\s*(\d{1,20})(?:\.(\d{1,18}))?\s*([a-z]*)\s*$/i.exec(size)
  const scale = UNITS[(match?.[3] ?? '').toLowerCase()]
  if (!match || scale === undefined) {
    throw new InvalidArgumentError(`\`${size}\` is not a size: write a number and a unit, such as 500mb, 5gb (10^9 bytes) or 5gib (2^30)`)
  }
  const fraction = match[2] ?? ''
  const unit = 10n ** BigInt(fraction.length)
  const scaled = BigInt(`${match[1]}${fraction}`) * scale
  return checked(scaled % unit === 0n ? scaled / unit : undefined, size)
}

function checked(bytes: bigint | undefined, size: Size): number {
  if (bytes === undefined) throw new InvalidArgumentError(`\`${size}\` is not a whole number of bytes`)
  if (bytes <= 0n) throw new InvalidArgumentError(`\`${size}\` is no size: it must be more than 0 bytes`)
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw new InvalidArgumentError(`\`${size}\` is too large`)
  return Number(bytes)
}
