import type { Problem } from '../api'
import { useTexts } from '../language'

/** An error in the reader's language, with the server's own words, which say more. */
export function Failure({ problem, onAgain }: { problem: Problem; onAgain: () => void }) {
  const t = useTexts()
  return (
    <div class="failure">
      <p>
        <strong>{t.problems[problem.code] ?? t.problems.internal}</strong>
      </p>
      <p class="detail" lang="en">
        {problem.detail} <code>{problem.code}</code>
      </p>
      <button type="button" onClick={onAgain}>
        {t.again}
      </button>
    </div>
  )
}
