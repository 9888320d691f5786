// The viewer's server may go and come back: pages still turn, and the address brings the rest back.

const PAUSE = 2000 // [ms] between two tries

export function lost({models, trail, link}) {
  models.link.document.on_event("connection_lost", () => {
    document.body.classList.add("lost")
    link.lost()
    const again = async () => {
      const answer = await fetch(location.href, {cache: "no-store"}).catch(() => null)
      if (answer?.ok && document.querySelector("dialog[open]") == null) {
        trail.write()
        location.reload()
      } else {
        setTimeout(again, PAUSE)
      }
    }
    setTimeout(again, PAUSE)
  })
}
