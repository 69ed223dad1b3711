"""The HTML report in a real browser: it works, it is safe, and it fits a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from opsharden.model import Verdict
from opsharden.report import html
from tests.unit.report import sample

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # CI runs as root in a container, where the sandbox cannot start
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, PHONE = (1280, 1000), (390, 844)
RECORD = sample.record()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html.render(RECORD), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    browser.set_page_load_timeout(120)
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome, page: str) -> webdriver.Chrome:
    logged(chromium)
    return opened(chromium, page, DESKTOP)


def opened(browser: webdriver.Chrome, page: str, size: tuple[int, int], scheme: str = "light") -> webdriver.Chrome:
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    # Smooth scrolling would have clicks miss what they aim at.
    features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    media = {"features": [{"name": name, "value": value} for name, value in features.items()]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get("about:blank")
    browser.get(page)
    return browser


def logged(browser: webdriver.Chrome) -> list[object]:
    """What the browser complained about since it was last asked."""
    entries: list[object] = browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium leaves it untyped
    return entries


def count(browser: webdriver.Chrome) -> str:
    return browser.find_element(By.ID, "f-count").text


def visible_controls(browser: webdriver.Chrome) -> set[str]:
    found = browser.find_elements(By.CSS_SELECTOR, "details.control")
    return {(control.get_attribute("id") or "").removeprefix("c-") for control in found if control.is_displayed()}


def chip(browser: webdriver.Chrome, name: str, value: str) -> WebElement:
    box = browser.find_element(By.CSS_SELECTOR, f"input[name={name}][value={value}]")
    return box.find_element(By.XPATH, "..")


def controls_with(*verdicts: Verdict) -> set[str]:
    return {finding.control for finding in RECORD.findings if finding.verdict in verdicts}


def test_it_opens_with_what_needs_attention(browser: webdriver.Chrome) -> None:
    assert visible_controls(browser) == controls_with(Verdict.FAIL, Verdict.ERROR)
    assert count(browser) == "43 findings of 225, 33 controls"


def test_filter_by_verdict(browser: webdriver.Chrome) -> None:
    chip(browser, "verdict", "fail").click()
    assert visible_controls(browser) == controls_with(Verdict.ERROR)
    browser.find_element(By.ID, "f-all").click()
    assert visible_controls(browser) == set(RECORD.controls)
    assert count(browser) == "225 findings of 225, 45 controls"
    browser.find_element(By.ID, "f-reset").click()
    assert visible_controls(browser) == controls_with(Verdict.FAIL, Verdict.ERROR)


def test_filter_by_severity(browser: webdriver.Chrome) -> None:
    for severity in ("high", "medium", "low"):
        chip(browser, "severity", severity).click()
    wanted = controls_with(Verdict.FAIL, Verdict.ERROR)
    assert visible_controls(browser) == {name for name in wanted if RECORD.controls[name].severity == "critical"}


def test_filter_by_host_and_role(browser: webdriver.Chrome) -> None:
    Select(browser.find_element(By.ID, "f-host")).select_by_visible_text("web-02.example.org")
    Select(browser.find_element(By.ID, "f-role")).select_by_visible_text("firewall")
    assert visible_controls(browser) == {
        finding.control
        for finding in RECORD.findings
        if finding.host == "web-02.example.org"
        and finding.verdict in (Verdict.FAIL, Verdict.ERROR)
        and RECORD.controls[finding.control].role == "firewall"
    }
    hosts = browser.find_elements(By.CSS_SELECTOR, "#findings .hosts li")
    assert {host.text for host in hosts if host.is_displayed()} == {"web-02.example.org"}


def test_filter_by_free_text(browser: webdriver.Chrome) -> None:
    search = browser.find_element(By.ID, "f-text")
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    assert browser.switch_to.active_element == search
    search.send_keys("EMPTY password")
    WebDriverWait(browser, 20).until(lambda driver: visible_controls(driver) == {"account-empty"})
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys("nothing has this in it")
    WebDriverWait(browser, 20).until(lambda driver: visible_controls(driver) == set())
    assert browser.find_element(By.ID, "f-none").is_displayed()


def test_from_the_matrix_to_the_findings(browser: webdriver.Chrome) -> None:
    cell = browser.find_element(By.CSS_SELECTOR, "a.jump[data-host='web-03.example.org'][data-role='time']")
    cell.click()
    assert visible_controls(browser) == {"time-sync"}
    assert count(browser) == "1 finding of 225, 1 control"


def test_an_observation_is_one_click_away(browser: webdriver.Chrome) -> None:
    link = browser.find_element(By.CSS_SELECTOR, "#c-account-empty .variant[data-verdict=fail] .evidence a")
    link.click()
    viewer = browser.find_element(By.ID, "viewer")
    assert viewer.is_displayed()
    assert browser.execute_script("return location.hash") == "", "the page must stay where the reader was"
    finding = next(f for f in RECORD.findings if f.control == "account-empty" and f.verdict is Verdict.FAIL)
    seen = RECORD.observations[finding.observations[0]]
    for part in (seen.command, seen.host, seen.digest, "exit status 0", seen.stdout.decode().strip()):
        assert part in viewer.text
    viewer.find_element(By.TAG_NAME, "button").click()
    assert not viewer.is_displayed()


def test_an_address_opens_what_it_names(browser: webdriver.Chrome, page: str) -> None:
    browser.get("about:blank")
    browser.get(f"{page}#c-net-martians")
    assert "net-martians" in visible_controls(browser)
    assert browser.find_element(By.CSS_SELECTOR, "#c-net-martians .why").is_displayed()


def test_hostile_text_is_shown_and_runs_nothing(browser: webdriver.Chrome) -> None:
    shown = browser.find_element(By.CSS_SELECTOR, "#c-ssh-banner .lines").text
    assert "<script>window.pwned=1</script></script><img src=x" in shown
    assert "\\x1b[31mred\\x1b[0m" in shown
    assert "\\u202etxt.exe" in shown
    browser.find_element(By.CSS_SELECTOR, "#c-ssh-banner .evidence a").click()
    assert "\\xff\\xfe" in browser.find_element(By.ID, "viewer").text
    assert browser.execute_script("return window.pwned") is None
    assert browser.execute_script("return document.images.length + document.scripts.length") == 1


def test_injected_code_would_not_run(browser: webdriver.Chrome) -> None:
    """Were the escaping ever to fail, the policy of the page still holds."""
    inject = """
        const script = document.createElement("script");
        script.textContent = "window.pwned = 1";
        const holder = document.createElement("div"); holder.innerHTML = '<img src="x" onerror="window.pwned = 1">';
        document.body.append(script, holder);
    """
    browser.execute_script(inject)
    WebDriverWait(browser, 20).until(lambda driver: "Content Security Policy" in str(logged(driver)))
    assert browser.execute_script("return window.pwned") is None


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_loads_nothing_and_complains_about_nothing(
    chromium: webdriver.Chrome, page: str, size: tuple[int, int], scheme: str
) -> None:
    logged(chromium)
    opened(chromium, page, size, scheme)
    chromium.find_element(By.ID, "f-all").click()
    open_all = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
    chromium.execute_script(open_all)
    width = chromium.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1] == size[0]
    fetched = chromium.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert fetched == []
    assert logged(chromium) == []


def test_a_big_fleet_can_be_filtered(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    path = tmp_path / "fleet.html"
    path.write_text(html.render(sample.fleet(hosts=200, number=200)), encoding="utf-8")
    assert path.stat().st_size < 5_000_000
    opened(chromium, path.as_uri(), DESKTOP)
    Select(chromium.find_element(By.ID, "f-host")).select_by_visible_text("node-007.example.org")
    chromium.find_element(By.ID, "f-all").click()
    assert count(chromium) == "40,000 findings of 40,000, 200 controls"
