// Which index answers a question of the log.
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { auditTables } from '../../store/migrations/0006-audit.ts';
import { type FilterName, queryStatement } from './statements.ts';

const database = new DatabaseSync(':memory:');
database.exec(auditTables.join(';\n'));

test.each<[index: string, filters: Partial<Record<FilterName, string>>]>([
  ['audit_logs_request', { request_id: 'r-1', tool: 'echo' }],
  ['audit_logs_resource', { resource_type: 'issue', resource_id: 'PROJ-1' }],
  ['audit_logs_user', { user: 'ada' }],
  ['audit_logs_action', { action: 'key.rotate' }],
  ['audit_logs_event_type', { event_type: 'tool.failed' }],
  // Nearly every record: newest first is the shorter way.
  ['audit_logs_time', { action: 'tools/call' }],
  ['audit_logs_time', { event_type: 'tool.executed' }],
  ['audit_logs_time', { tool: 'echo', result: 'failure' }],
  ['audit_logs_time', {}],
])('%s answers %o', (index, filters) => {
  const given = new Map(Object.entries(filters));
  expect(planOf(given)).toContain(`INDEX ${index} `);
});

function planOf(filters: ReadonlyMap<string, string>): string {
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${queryStatement(filters).text.sqlite}`);
  return plan
    .all()
    .map(({ detail }) => detail)
    .join('\n');
}
