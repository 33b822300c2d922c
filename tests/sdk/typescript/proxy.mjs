// A proxy in front of the server that does to each request what the test has asked for, and counts what it forwards.
import { createServer, request as send } from 'node:http'

/**
 * Faults, one for each request in turn; after the last one requests pass.
 *   'pass'; 'refuse': the connection breaks before anything is forwarded; 'lose': the request is carried out and its answer
 *   lost; { status, headers }: answered here; { delay }: forwarded after so many milliseconds; { half: 'answer' }: half of
 *   the answer's body, then the connection breaks; { half: 'request', bytes }: so much of the request's body is forwarded,
 *   then both connections break; { half: 'answer', then }: calls `then` before it breaks.
 */
export async function faulty(t, upstream, ...faults) {
  const target = new URL(upstream)
  const seen = []
  const server = createServer((request, response) => {
    const fault = faults.shift() ?? 'pass'
    seen.push({ method: request.method, path: request.url, headers: request.headers, fault })
    answer(target, fault, request, response)
  })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${server.address().port}`, seen }
}

function answer(target, fault, request, response) {
  if (fault === 'refuse') return request.socket.destroy()
  if (fault.status) {
    // Read to the end first, as the server does.
    request.resume().on('end', () => response.writeHead(fault.status, fault.headers).end(fault.body ?? ''))
    return
  }
  const { method, url: path, headers } = request
  const onward = send({ host: target.hostname, port: target.port, method, path, headers }, (reply) => back(fault, reply, request, response))
  onward.on('error', () => request.socket.destroy())
  if (fault.half === 'request') {
    let left = fault.bytes
    request.on('data', (piece) => {
      onward.write(piece.subarray(0, left))
      left -= piece.length
      if (left <= 0) {
        onward.destroy()
        request.socket.destroy()
      }
    })
    return
  }
  setTimeout(() => request.pipe(onward), fault.delay ?? 0)
}

function back(fault, reply, request, response) {
  if (fault === 'lose') return reply.resume().on('end', () => request.socket.destroy())
  response.writeHead(reply.statusCode, reply.headers)
  if (fault.half !== 'answer') return reply.pipe(response)
  const pieces = []
  reply.on('data', (piece) => pieces.push(piece))
  reply.on('end', () => {
    const body = Buffer.concat(pieces)
    response.write(body.subarray(0, Math.ceil(body.length / 2)), async () => {
      await fault.then?.()
      // Time for what was sent to arrive before the connection is reset.
      setTimeout(() => request.socket.destroy(), 50)
    })
  })
}
