// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Answers policy questions with @cloud-copilot/iam-simulate. Each line of
// standard input is a JSON array of simulations in that package's own form;
// each line of standard output is the array of answers, in order: the decision
// in the words of AWS's simulator, or what the package refused.

import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const words = { Allowed: 'allowed', ExplicitlyDenied: 'explicitDeny', ImplicitlyDenied: 'implicitDeny' }

// A context key that the package drops would make two different questions of
// one, and a resource with wildcards several: neither may pass for an answer.
async function answer(simulation) {
  const result = await runSimulation(simulation, {})
  if (result.resultType !== 'single') {
    return `refused: ${JSON.stringify(result.errors ?? result.resultType)}`
  }
  const ignored = result.result.ignoredContextKeys ?? []
  if (ignored.length > 0) {
    return `refused: ignores the context keys ${ignored.join(', ')}`
  }
  return words[result.overallResult] ?? `refused: unknown result ${result.overallResult}`
}

for await (const line of createInterface({ input: process.stdin })) {
  const answers = []
  for (const simulation of JSON.parse(line)) {
    answers.push(await answer(simulation).catch((error) => `refused: ${error.message}`))
  }
  process.stdout.write(`${JSON.stringify(answers)}\n`)
}
