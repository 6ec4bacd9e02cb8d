// Reads one simulation a line, writes one outcome a line: the other side of tests/policy/test_against_oracle.py.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for await (const line of createInterface({ input: process.stdin })) {
  const done = await runSimulation(JSON.parse(line), { simulationMode: 'Strict' })
  const ignored = done.result?.ignoredContextKeys ?? []
  const outcome = done.resultType === 'single' && ignored.length === 0 ? done.overallResult : { done, ignored }
  process.stdout.write(JSON.stringify(outcome) + '\n')
}
