"""Words of yt-dlp and of sites, by what they are about; those of yt-dlp 2026 and YouTube's player.

yt-dlp asks YouTube for English.
"""

from __future__ import annotations

import re

UPDATE = 'update yt-dlp (pip install -U "yt-dlp[default]")'
RUNTIME = f"{UPDATE} and install a JavaScript runtime (deno, or Node 20 and later)"
COOKIES = "set clips.source.cookies to fresh cookies of an account that may see the videos"
ADDRESS = "ask later, from another address (clips.source.proxy) or with clips.source.cookies"
WAIT = "wait until the site works again"


def _words(alternatives: str) -> re.Pattern:
    """Any of the expressions, one a line."""
    return re.compile("|".join(line.strip() for line in alternatives.split("\n") if line.strip()),
                      re.IGNORECASE)  # fmt: skip


# What yt-dlp adds to sentences of either kind.
HINT = re.compile(
    r"\.?\s*\b(Use --(cookies|username|netrc)|You might want to use a VPN).*", re.DOTALL
)

BOT_WALL = _words(r"""
    not a (ro)?bot
    captcha
    unusual traffic
    automated (quer|request)
""")

RATE_LIMIT = _words(r"""
    rate.?limit
    too many requests
    (exceeded|reached) (the|your) .{0,20}limit
    content isn't available, try again later
""")

_THING = r"(video|clip|vod|content|media|recording|post|short|reel|track|song)"
_IS = r"(is|was|has been|have been|had been|got)"

OF_VIDEO = (
    ("blocked", _words(rf"""
        removed for violating
        {_THING}s? .{{0,40}}violat\w+ .{{0,60}}(terms of (service|use)|guidelines|polic(y|ies))
    """)),
    ("age", _words(r"""
        confirm your age
        \bage.?restrict
        inappropriate for some (users|viewers)
        age verified users
    """)),
    ("geo", _words(r"""
        (in|from|for|by) your (country|location|region)
        country domain
        geo.?(restrict|block)
        blocked in this (country|region)
    """)),
    ("private", _words(rf"""
        \bprivate (video|clip|vod|recording)\b
        {_THING} {_IS} (private|paid)
        members.only
        members on level
        join this channel
        (available|access) (only )?(to|for) [\w' ]{{0,40}}(members|subscribers)
        for [\w' ]{{0,20}}members
        (members|subscribers|supporters?).only
        (premium|paying|vip|paid) (users|members|accounts)
        requires (a )?(payment|purchase|rental|subscription)
        (need|have) to (buy|purchase|rent)
    """)),
    ("blocked", _words(r"""
        copyright (claim|grounds|infring|strike|complaint|owner|holder|issue|reason|viol|takedown)
        (due to|because of|for) copyright
        has blocked it
        legal complaint
        court order
    """)),
    ("gone", _words(rf"""
        {_THING} {_IS} (been )?(removed|deleted|taken down|erased)
        (removed|deleted|taken down) by (the|its|their) (uploader|user|author|owner|creator)
        {_THING} (is|are|in) no longer (available|accessible|exist\w*)
        {_THING} no longer exists?
        {_THING} isn't available any ?more
        {_THING} (does not|doesn't) exist
        with this {_THING} {_IS} (been )?(terminated|closed|deleted|suspended|disabled|banned)
        (uploader|user|author|owner|creator) has closed (his|her|their|its)
        looks truncated
    """)),
)  # fmt: skip
"""Status and words of what surely is about the video, in the order in which they are tried."""

DOUBT = _words(r"""
    \byour (account|ip|network|request|session|browser|device|app|connection)\b
    \b(this|current) session\b
    \b(this|the) account\b
    \bip address
    \bvpn\b
    \bprox(y|ies)\b
    (on|by|in|from|with) this (app|application|client|device|browser|player|platform)\b
    (on|by|in|from|with) this (website|network)\b
    (web)?site or application
    latest version
    \bdrm\b
    try (it )?again
    \blater\b
    \brequests? (was|is|has been)
    \b(service|site|website|server|page|app|youtube)( \w+)? (is|was|has been) (not|un|block|restr)
    \b(or|unless) you\b
    \bif you are\b
    \b(access|automated|downloading|scraping) .{0,30}(viola|from|block|not)
    \bour (site|service|terms|polic|servers?)
    \bprovider\b
    \b(players?|clients?|guests?|kiosks?)\b
    \bno longer available (in|on|to|from)\b
    \bplaylist\b
    unauthenticated
    \bkey is\b
    verify your identity
    account age
    not being authenticated
    possibly
    \bmight\b
    may be (deleted|removed|private|unavailable|geo)
    (temporar|current)\w+ (un|not )?(available|block|restrict)
""")
"""Words beside them that leave it open whether it is the video or who asks for it."""

SCRIPT = _words(r"""
    java.?script
    \bjs\b
    challenge
    nsig
    signature (extraction|solving|function)
""")

OF_ASKER = (
    (ADDRESS, _words(r"""
        \byour (ip|network|request|connection)\b
        \bip address
        \bvpn\b
        \bprox(y|ies)\b
        access (is |was )?(denied|restricted|blocked)
        forbidden
        content isn't available
        \brequests? (was|is|has been) (block|reject|den|refus)
        \bblocked by\b
        \b(service|site|website|youtube)( \w+)? (is|was) (not|un|block|restrict)
    """)),
    (RUNTIME, _words(rf"""
        {SCRIPT.pattern}
        requested format
        no video formats
        no formats
        no (working|supported|suitable|playable) (formats?|streams?)
        formats? (is|are) (not|un)
        only images are available
        \bsabr\b
        \bpo.?token
        \bdrm\b
        player (response|url|js|client)
    """)),
    (UPDATE, _words(r"""
        \bthis (app|application|client|device|browser|player|platform)\b
        latest version
        (web)?site or application
        on other (web)?sites
        update (the|your)
        page needs to be
        not supported (on|by|in)
        app-only
        unable to (extract|parse|recognize|solve|identify)
        failed to (extract|parse)
        incomplete data
        precondition check
        invalid argument
        unexpected (api )?response
        report this issue
    """)),
    (COOKIES, _words(r"""
        \b(sign|log)(ged)?[ -]?(in|on)\b
        \blogin\b
        authenticat
        authori[sz]
        credential
        permission
        \bcookies?\b
        \byour (account|cookies|session)
        unverified account
        administrator
        restricted mode
        registered users
        account (has been|was|is)\b
        \baccess token
    """)),
    (WAIT, _words(r"""
        (service|site|website|server|page|backend)( \w+)? unavailable
        (temporar|current)\w+ (un|not )?(available|overload|down|disabled)
        try (it )?again
        retry
        went wrong
        error (has )?occurred
        (unknown|internal|server|backend|server-side) error
        server-side
        overload
        maintenance
        bad gateway
        time[d-]? ?out
        quota
        (being|is) processed
        processing this
        is processing
        check back later
    """)),
)  # fmt: skip
"""Remedy and words of what is about the address, the client, the account or the site."""

UNSURE = (
    ("gone", _words(r"""
        unavailable
        (not|isn't) available
        removed
        deleted
        terminated
        not exist
        no longer
    """)),
    ("corrupt", _words(r"""
        unsupported url
        file is empty
        not get any data
        invalid data
        unsafe file extension
        unusual
    """)),
)  # fmt: skip
"""What sites say of a video and, elsewhere, to an address that they turn away."""
