// The peer of `scripts/bench webhook`: Twilio's question about a call, answered as most services do. Express
// reads the form, Twilio's own middleware proves it, one row is inserted and committed, TwiML is the answer.
// A process per core. Environment: TWILIO_AUTH_TOKEN, FORWARD_TO, and PostgreSQL's own (PGHOST, …).
'use strict';
const cluster = require('node:cluster');
const os = require('node:os');

const PROCESSES = Number(process.env.PROCESSES) || os.availableParallelism();
const CONNECTIONS = 64; // to PostgreSQL, of all processes

function start() {
  let listening = 0;
  for (let i = 0; i < PROCESSES; ++i) cluster.fork();
  cluster.on('listening', (_, address) => {
    if (++listening === PROCESSES) console.log(`express ready on http://127.0.0.1:${address.port}`);
  });
  cluster.on('exit', () => process.exit(1));
}

function serve() {
  const express = require('express');
  const twilio = require('twilio');
  const { Pool } = require('pg');
  const pool = new Pool({ max: Math.ceil(CONNECTIONS / PROCESSES) });
  const insert = {
    name: 'insert-call',
    text: 'insert into calls (call_sid, connection, caller, called, status, form) values ($1, $2, $3, $4, $5, $6) ' +
      'on conflict (call_sid) do nothing',
  };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const form = express.urlencoded({ extended: false });
  app.post('/twilio/:connection/voice', form, twilio.webhook(process.env.TWILIO_AUTH_TOKEN), async (request, response) => {
    const { CallSid, From, To, CallStatus } = request.body;
    const values = [CallSid, request.params.connection, From, To, CallStatus, JSON.stringify(request.body)];
    await pool.query({ ...insert, values });
    const twiml = new twilio.twiml.VoiceResponse();
    twiml.dial({ callerId: From, answerOnBridge: true, timeout: 20 }).number(process.env.FORWARD_TO);
    response.type('text/xml').send(twiml.toString());
  });
  app.listen(0, '127.0.0.1');
}

if (cluster.isPrimary) start();
else serve();
