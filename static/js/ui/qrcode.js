/**
 * An address of this site as a picture, drawn by the server from what stands in the body.
 * @param {string} text
 * @returns {Promise<string>} an address for an <img>
 */
export async function qrCode(text) {
  const token = document.querySelector("meta[name='csrf-token']")?.getAttribute("content") ?? "";
  const body = new URLSearchParams({ text });
  const answer = await fetch("/people/qr", { method: "POST", headers: { "X-CSRFToken": token }, body });
  if (!answer.ok) throw Object.assign(new Error("no QR code"), { status: answer.status });
  return URL.createObjectURL(await answer.blob());
}
