// The yardstick: bare node:http that parses a JSON-RPC call and answers with its text. Nothing is checked.

import { createServer } from 'node:http';

const port = Number(process.argv[2]);

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { id, params } = JSON.parse(Buffer.concat(chunks).toString());
    const content = [{ type: 'text', text: params.arguments.text }];
    const body = JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', content } });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
}).listen(port, '127.0.0.1');
