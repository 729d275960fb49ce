"""The page at /demo/notifications in a real browser: the inbox fills while an order moves."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.client import PASSWORD, Client
from tools import browser as installed

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30_000


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium, installed if need be."""
    path = installed.ensure()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_inbox_fills_live(browser: Browser, manager: Client, customer: Client, gateway: str) -> None:
    """Log in, place an order by the API, see it confirmed and shipped: the page was loaded once and broke no policy."""
    sku = manager.add_product(stock=1)
    email = customer.call("GET", "/api/v1/users/me").json()["email"]
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    loads: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    page.goto(f"{gateway}/demo/notifications")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("button")
    expect(page.locator("#status")).to_have_text("live", timeout=PATIENCE_MS)
    expect(page.locator('[data-kind="user.registered"]')).to_have_count(1, timeout=PATIENCE_MS)
    order = customer.place(sku)
    confirmed = page.locator('[data-kind="order.confirmed"]')
    expect(confirmed).to_contain_text(order["id"], timeout=PATIENCE_MS)
    assert manager.call("POST", f"/api/v1/orders/{order['id']}/ship").status_code == 202
    expect(page.locator("#inbox li").first).to_contain_text("Order shipped", timeout=PATIENCE_MS)
    assert len(loads) == 1
    assert complaints == []
