import { type Language, languages, useTexts } from '../language'
import type { Phase } from '../server'

interface Props {
  phase: Phase
  language: Language
  onLanguage: (language: Language) => void
}

export function Header({ phase, language, onLanguage }: Props) {
  const t = useTexts()
  return (
    <header class="top">
      <span class="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M16 4.5l10 5.75v11.5L16 27.5 6 21.75v-11.5z" />
          <circle cx="16" cy="16" r="4.2" />
        </svg>
        <span>devops-for-ai-apps</span>
      </span>
      <span class={`status ${phase}`} role="status">
        {t[phase]}
      </span>
      <nav>
        <a href="docs">{t.apiDocs}</a>
        <fieldset class="languages">
          <legend class="hidden">{t.language}</legend>
          {Object.entries(languages).map(([key, { name, tag }]) => (
            <label key={key} lang={tag}>
              <input
                class="hidden"
                type="radio"
                name="language"
                checked={key === language}
                onChange={() => onLanguage(key as Language)}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      </nav>
    </header>
  )
}
