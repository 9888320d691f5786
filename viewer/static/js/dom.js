// Elements of the page, made and found.

/** An element with attributes, handlers (`onclick`) and children; text is text, never HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on") || name == "value" || name == "checked") {
      element[name] = value
    } else if (value === true) {
      element.setAttribute(name, "")
    } else if (value !== false && value != null) {
      element.setAttribute(name, value)
    }
  }
  element.append(...children.filter((child) => child != null))
  return element
}

/** The element of the template with that id. */
export function place(id) {
  const found = document.getElementById(id)
  if (found == null) {
    throw new Error(`the page has no place ${id}`)
  }
  return found
}

/**
 * A list to choose from: [[value, words], ...]. Used with the mouse it gives the focus back,
 * or the next PageDown would change it.
 */
export function choice(name, title, options, chosen) {
  const element = make("select", {name, title, "aria-label": title})
  offer(element, options)
  element.addEventListener("change", () => {
    chosen(element.value)
    if (!element.matches(":focus-visible")) {
      element.blur()
    }
  })
  return element
}

/** Give a list other options; what was chosen stays chosen where it is still offered. */
export function offer(element, options) {
  const before = element.value
  element.replaceChildren(...options.map(([value, words]) => make("option", {value}, words)))
  element.value = before
}

/** Choose in a list; a value that is not offered is put in. */
export function choose(element, value, words = value) {
  if (![...element.options].some((option) => option.value == value)) {
    element.append(make("option", {value}, words))
  }
  element.value = value
}

/** A button with a short sign; its title says what it does. */
export function button(name, sign, title, pressed) {
  const spoken = typeof sign == "string" && sign.length > 1 ? null : title
  return make("button", {type: "button", name, title, "aria-label": spoken, onclick: pressed}, sign)
}

/** Hand a file to the reader. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob)
  make("a", {href: url, download: name}).click()
  setTimeout(() => URL.revokeObjectURL(url), 10000)
}
