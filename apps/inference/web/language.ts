import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { en, type Texts } from './texts/en'
import { zh } from './texts/zh'

export const languages = {
  en: { name: 'English', tag: 'en', texts: en },
  zh: { name: '中文', tag: 'zh-CN', texts: zh },
}
export type Language = keyof typeof languages

const STORED = 'language'

/** The reader's choice, remembered; at first what the browser prefers. */
export function useLanguage(): [Language, (language: Language) => void] {
  const [language, setLanguage] = useState<Language>(() => {
    const known = localStorage.getItem(STORED) ?? navigator.language
    return known.startsWith('zh') ? 'zh' : 'en'
  })
  useEffect(() => {
    document.documentElement.lang = languages[language].tag
    document.title = languages[language].texts.title
  }, [language])
  const choose = (chosen: Language) => {
    localStorage.setItem(STORED, chosen)
    setLanguage(chosen)
  }
  return [language, choose]
}

export const Words = createContext<Texts>(en)

/** The page's words in the chosen language. */
export function useTexts(): Texts {
  return useContext(Words)
}
