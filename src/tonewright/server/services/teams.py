"""Teams: a band, a label, a studio. Owners invite and remove, members work on the team's projects."""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from tonewright.server.conf import conf
from tonewright.server.errors import Conflict, NotAllowed, NotFound
from tonewright.server.models import Invitation, Membership, Team, User
from tonewright.server.services.access import Actor

_log = logging.getLogger(__name__)
OWNER, MEMBER = Membership.Role.OWNER, Membership.Role.MEMBER
INVITED_FOR = timedelta(days=14)
MOST_TEAMS = 50
MOST_INVITED = 100


def create(actor: Actor, name: str) -> Team:
    """A team with the actor as its owner. Raises NotAllowed to a visitor, Conflict for too many."""
    actor.must_have_account()
    if mine(actor).count() >= MOST_TEAMS:
        raise Conflict(f"You are in {MOST_TEAMS} teams already.", "Leave one.")
    with transaction.atomic():
        team = Team.objects.create(name=name)
        Membership.objects.create(team=team, user=actor.user, role=OWNER)
    return team


def mine(actor: Actor) -> QuerySet[Team]:
    """The teams that the actor is in."""
    return Team.objects.filter(memberships__user=actor.user)


def get(actor: Actor, team_id: UUID) -> Team:
    """A team that the actor is in. Raises NotFound."""
    team = mine(actor).filter(pk=team_id).first()
    if team is None:
        raise NotFound(f"There is no team {team_id}, or you are not in it.")
    return team


def get_own(actor: Actor, team_id: UUID) -> Team:
    """A team that the actor owns. Raises NotFound to whoever is not in it, NotAllowed to its other members."""
    team = get(actor, team_id)
    if not team.memberships.filter(user=actor.user, role=OWNER).exists():
        raise NotAllowed("Only a team's owners can do this.")
    return team


def rename(actor: Actor, team_id: UUID, name: str) -> Team:
    team = get_own(actor, team_id)
    team.name = name
    team.save(update_fields=["name"])
    return team


def delete(actor: Actor, team_id: UUID) -> None:
    """Dissolve a team. Its projects go on as their owners' own."""
    get_own(actor, team_id).delete()


def set_role(actor: Actor, team_id: UUID, user_id: UUID, role: str) -> Membership:
    """Make a member an owner, or an owner a member. Raises NotFound, NotAllowed, Conflict for the last owner."""
    with transaction.atomic():
        membership = _membership(get_own(actor, team_id), user_id)
        membership.role = role
        membership.save(update_fields=["role"])
        _must_have_owner(membership.team)
    return membership


def remove(actor: Actor, team_id: UUID, user_id: UUID) -> None:
    """Leave a team, or as its owner take somebody out. Raises NotFound, NotAllowed, Conflict for the last owner."""
    team = get(actor, team_id) if user_id == actor.user.pk else get_own(actor, team_id)
    with transaction.atomic():
        _membership(team, user_id).delete()
        _must_have_owner(team)


def leave_all(user: User) -> None:
    """Take somebody who goes for good out of all teams.

    Whoever is longest in a team becomes its owner if nobody else is, and gets the projects that were brought into it;
    a team with nobody left is dissolved.
    """
    for team in Team.objects.filter(memberships__user=user):
        heir = team.memberships.exclude(user=user).order_by("-role", "created_at").first()  # "owner" after "member"
        if heir is None:
            team.delete()
            continue
        heir.role = OWNER
        heir.save(update_fields=["role"])
        team.projects.filter(owner=user).update(owner=heir.user)
        team.memberships.filter(user=user).delete()


def invite(actor: Actor, team_id: UUID, email: str) -> Invitation:
    """Ask whoever has this address to join; whether anybody has an account with it makes no difference to see.

    Raises NotFound, NotAllowed, and Conflict for a member or too many who were asked.
    """
    team = get_own(actor, team_id)
    address = email.lower()
    if team.members.filter(email=address).exists():
        raise Conflict(f"{address} is in this team already.")
    if open_invitations(team).exclude(email=address).count() >= MOST_INVITED:
        raise Conflict(f"{MOST_INVITED} invitations are open already.", "Wait for an answer, or take one back.")
    with transaction.atomic():
        invitation, _ = Invitation.objects.update_or_create(
            team=team,
            email=address,
            defaults={"invited_by": actor.user, "expires_at": timezone.now() + INVITED_FOR},
        )
        transaction.on_commit(lambda: _mail(invitation))
    return invitation


def _mail(invitation: Invitation) -> None:
    about = {
        "who": invitation.invited_by.display_name or invitation.invited_by.email,
        "team": invitation.team.name,
        "days": INVITED_FOR.days,
        "email": invitation.email,
        "url": f"{conf().url}/teams",
    }
    subject = render_to_string("tonewright/mail/invitation_subject.txt", about).strip()
    text = render_to_string("tonewright/mail/invitation_message.txt", about)
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [invitation.email])
    except OSError:  # it stands on the page of whoever is asked, all the same
        _log.exception("An invitation could not be mailed")


def open_invitations(team: Team) -> QuerySet[Invitation]:
    return team.invitations.filter(expires_at__gt=timezone.now())


def take_back(actor: Actor, team_id: UUID, invitation_id: UUID) -> None:
    """Invite somebody no longer. Raises NotFound, NotAllowed."""
    if not get_own(actor, team_id).invitations.filter(pk=invitation_id).delete()[0]:
        raise NotFound(f"There is no invitation {invitation_id}.")


def asked(actor: Actor) -> QuerySet[Invitation]:
    """Where the actor is asked to join. Who is signed in has proved that the address is theirs."""
    email = actor.user.email
    rows = Invitation.objects.select_related("team", "invited_by").filter(expires_at__gt=timezone.now())
    return rows.filter(email=email) if email else rows.none()


def answer(actor: Actor, invitation_id: UUID, join: bool) -> Team:
    """Join, or decline. Raises NotFound for an invitation that is another's, or over."""
    with transaction.atomic():
        invitation = asked(actor).filter(pk=invitation_id).first()
        if invitation is None:
            raise NotFound(f"There is no invitation {invitation_id}, or it is over.")
        if join:
            Membership.objects.get_or_create(team=invitation.team, user=actor.user)
        invitation.delete()
    return invitation.team


def _membership(team: Team, user_id: UUID) -> Membership:
    found = team.memberships.select_related("user", "team").filter(user=user_id).first()
    if found is None:
        raise NotFound(f"{user_id} is not in this team.")
    return found


def _must_have_owner(team: Team) -> None:
    if not team.memberships.filter(role=OWNER).exists():
        raise Conflict("A team keeps at least one owner.", "Make somebody else an owner, or dissolve the team.")
