/* global MiniSearch, mermaid */
// A classic script: pages that are opened from a folder may not load modules.
;(() => {
  const { documentElement } = document
  const wide = matchMedia('(min-width: 60rem)')
  const menu = document.querySelector('nav details')
  const showMenu = () => {
    menu.open = wide.matches
  }
  wide.addEventListener('change', showMenu)
  showMenu()

  if (window.mermaid) {
    const dark = matchMedia('(prefers-color-scheme: dark)').matches
    mermaid.initialize({ startOnLoad: false, theme: dark ? 'dark' : 'neutral' })
    mermaid.run()
  }

  for (const block of document.querySelectorAll('pre:not(.mermaid)')) {
    const button = document.createElement('button')
    button.textContent = 'Copy'
    button.className = 'copy'
    button.onclick = async () => {
      await navigator.clipboard.writeText(block.querySelector('code').textContent)
      button.textContent = 'Copied'
    }
    if (block.querySelector('.language-bash, .language-sh')) block.append(button)
  }

  // Chinese has no spaces between words: each character counts as one.
  const tokenize = (text) => text.match(/\p{Script=Han}|[\p{L}\p{N}_]+/gu) ?? []
  let index
  const search = (query) => {
    if (!index) {
      index = new MiniSearch({
        fields: ['title', 'text', 'page'],
        storeFields: ['title', 'page', 'text'],
        tokenize,
        searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' },
      })
      index.addAll(window.searchData)
    }
    return index.search(query).slice(0, 12)
  }

  const input = document.querySelector('input[name=q]')
  const results = document.querySelector('#results')
  const show = () => {
    const query = input.value.trim()
    results.hidden = query === ''
    results.replaceChildren()
    if (query === '') return
    for (const { id, title, page, text } of search(query)) {
      const link = document.createElement('a')
      link.href = documentElement.dataset.root + id
      const where = document.createElement('b')
      where.textContent = page === title ? title : `${page}: ${title}`
      const what = document.createElement('span')
      what.textContent = text.replace(/[*`]/g, '').slice(0, 120)
      link.append(where, what)
      const item = document.createElement('li')
      item.append(link)
      results.append(item)
    }
    if (results.children.length === 0) results.append('Nothing found')
  }
  input.addEventListener('input', show)
  input.form.addEventListener('submit', (event) => {
    event.preventDefault()
    results.querySelector('a')?.click()
  })
  addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== input) {
      event.preventDefault()
      input.focus()
    }
    if (event.key === 'Escape') {
      input.value = ''
      show()
    }
  })
  // A page's address may ask for a search: index.html?q=canary
  input.value = new URLSearchParams(location.search).get('q') ?? ''
  show()
})()
