# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of certificate must obey beyond their types."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.stack import DOMAIN

#: "RequestCertificate" (AWS Certificate Manager API Reference): the common name of RFC 5280.
DOMAIN_LENGTH = 64
#: "Quotas" (AWS Certificate Manager User Guide): domain names of a certificate.
NAMES = 10
#: ACM gives up after 72 hours.
LONGEST_WAIT = 72 * 3600


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    # The domain itself is wired, and is that of the stack unless it was given.
    domain = variables.get("certificate_domain_name") or variables.get("hosted_zones_domain_name") or variables.get("stack_domain") or ""
    if len(domain) > DOMAIN_LENGTH:
        found.append(f"stack_domain: {domain} has {len(domain)} characters, and the domain of a certificate has at most {DOMAIN_LENGTH}.")
    names = (variables.get("certificate_subject_alternative_names") or []) if domain else []
    for name in names:
        if not DOMAIN.fullmatch(name.removeprefix("*.")):
            found.append(f"certificate_subject_alternative_names: {name!r} must be a domain in lower case, or one after '*.'.")
        elif not f".{name}".endswith(f".{domain}"):
            found.append(f"certificate_subject_alternative_names: {name} is not in {domain}, so that its zone can't prove it.")
    if len({domain, *names}) > NAMES:
        found.append(f"certificate_subject_alternative_names: with the domain {len({domain, *names})} names are given; ACM takes {NAMES}.")
    seconds = variables.get("certificate_wait_timeout_seconds", 900)
    if not 60 <= int(seconds) <= LONGEST_WAIT:
        found.append(f"certificate_wait_timeout_seconds: {seconds} must be 60 to {LONGEST_WAIT}.")
    return found
