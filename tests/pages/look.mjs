// Opens every page of a folder in Chromium and prints its faults as JSON: `node look.mjs CHROMIUM FOLDER`.
//
// At the width of a desktop, a phone and a sheet of paper nothing may be wider than the window; what scrolls by itself
// (`.wide`) may, but for paper. On pages that between them use every element and class of all, axe-core looks for
// serious faults of accessibility.

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const LOOKS = [
  { name: 'desktop', width: 1280, media: 'screen' },
  { name: 'phone', width: 390, media: 'screen' },
  { name: 'print', width: 794, media: 'print' }, // A4 at 96 dots an inch
]
const SERIOUS = ['serious', 'critical']
const AT_ONCE = 2

const [executablePath, folder] = process.argv.slice(2)

/** List what reaches over the right edge of the window. */
function overflowing(scrolls) {
  const edge = window.innerWidth + 1
  const over = [...document.querySelectorAll('body *')].filter((element) => {
    const box = element.getBoundingClientRect()
    if (box.width === 0 || box.left < 0 || box.right <= edge) return false
    return !(scrolls && element.closest('.wide'))
  })
  const faults = over.slice(0, 3).map((element) => `<${element.tagName.toLowerCase()}> ${element.textContent.trim().slice(0, 60)}`)
  if (!faults.length && document.documentElement.scrollWidth > edge) faults.push('the page scrolls sideways')
  return faults
}

/** List every element and class that the page uses. */
function used() {
  const classes = (element) => [...element.classList].map((name) => `${element.tagName}.${name}`)
  return [...new Set([...document.querySelectorAll('body *')].flatMap((element) => [element.tagName, ...classes(element)]))]
}

/** List the serious faults that axe-core finds. */
async function inaccessible(levels) {
  const found = await axe.run(document, { resultTypes: ['violations'] })
  const serious = found.violations.filter((violation) => levels.includes(violation.impact))
  return serious.map((violation) => `${violation.id}: ${violation.help}; ${violation.nodes[0].html.slice(0, 120)}`)
}

/** Return pages that between them use everything that any page uses. */
function covering(uses) {
  const left = new Set([...uses.values()].flat())
  const chosen = []
  while (left.size) {
    const gain = (names) => names.filter((name) => left.has(name)).length
    const [file, names] = [...uses].reduce((best, next) => (gain(next[1]) > gain(best[1]) ? next : best))
    chosen.push(file)
    names.forEach((name) => left.delete(name))
  }
  return chosen
}

const open = (page, file) => page.goto(pathToFileURL(join(folder, file)).href)
const note = (file, look, found) => faults.push(...found.map((fault) => ({ page: file, look, fault })))

async function measure(page, file) {
  await open(page, file)
  uses.set(file, await page.evaluate(used))
  for (const { name, width, media } of LOOKS) {
    await page.emulateMedia({ media })
    await page.setViewportSize({ width, height: 900 })
    note(file, name, await page.evaluate(overflowing, media === 'screen'))
  }
}

async function judge(page, file) {
  await page.emulateMedia({ media: 'screen' })
  await open(page, file)
  await page.addScriptTag({ path: AXE })
  note(file, 'axe', await page.evaluate(inaccessible, SERIOUS))
}

/** Let a few pages work through the files. */
async function each(files, work) {
  const waiting = [...files]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const page = await browser.newPage()
      for (let file = waiting.pop(); file; file = waiting.pop()) await work(page, file)
    }),
  )
}

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const files = readdirSync(folder).filter((file) => file.endsWith('.html'))
const faults = []
const uses = new Map()
await each(files, measure)
const judged = covering(uses)
await each(judged, judge)
await browser.close()
console.log(JSON.stringify({ pages: files.length, judged, faults }))
