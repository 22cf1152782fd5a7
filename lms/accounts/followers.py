"""What this package keeps about a person besides what merging two records settles itself (`operations.merging`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import (
    Account,
    ActivationCode,
    Authenticator,
    FederatedIdentity,
    Leave,
    Passkey,
    PastPassword,
    Person,
    PersonApart,
    PersonMerge,
    Posting,
    RecoveryCode,
    RoleGrant,
    SignIn,
    SignInStep,
    TransferRequest,
)
from lms.accounts.operations.roster_changes import forget_changes
from lms.accounts.queries.records import records_of
from lms.accounts.rules import pseudonyms
from lms.accounts.rules.people import search_text, shown_phone
from lms.accounts.rules.transfers import State
from lms.agencies.models import AgencyVersion
from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from lms.kit.secrets import vault_of
from lms.kit.vietnamese import fold, name_sort_key

# What lets somebody in: it ends with the account, and none of it is anybody else's to have.
_KEYS: tuple[Any, ...] = (Authenticator, RecoveryCode, Passkey, PastPassword, SignInStep)


class RecordsOfPersons:
    """Who the person is, the posts and roles held, and how they sign in."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        return [*_who(session, person_id), *_posts(session, person_id), *_ways_in(session, person_id)]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """The absorbed record's keys end with its account; who vouches for it elsewhere vouches for the one kept."""
        for model in _KEYS:
            session.execute(delete(model).where(model.person_id == absorbed))
        vouching = update(FederatedIdentity).where(FederatedIdentity.person_id == absorbed).values(person_id=kept)
        return {"federated_identities": len(session.execute(vouching.returning(FederatedIdentity.subject)).all())}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Empty the record and those merged into it, close the account, end the roles. The spans and groups of posts stay, which is
        what statistics of past days are made of; titles, decisions and reasons go, and so does what an import could put back. Nobody
        decides any more about a transfer."""
        records = records_of(session, person_id)
        for record in records:
            name = pseudonym if record == person_id else pseudonyms.new_pseudonym()
            _empty(session, record, name, at)
        for model in (*_KEYS, FederatedIdentity, SignIn, ActivationCode, Leave):
            session.execute(delete(model).where(model.person_id.in_(records)))
        session.execute(update(Posting).where(Posting.person_id.in_(records)).values(job_title=None, decision=None))
        session.execute(delete(RoleGrant).where(RoleGrant.person_id.in_(records), RoleGrant.valid_from >= at.date()))
        session.execute(
            update(RoleGrant).where(RoleGrant.person_id.in_(records), RoleGrant.valid_to > at.date()).values(valid_to=at.date())
        )
        session.execute(update(RoleGrant).where(RoleGrant.person_id.in_(records)).values(reason=None))
        session.execute(
            update(TransferRequest)
            .where(TransferRequest.person_id.in_(records), TransferRequest.state == State.PENDING.value)
            .values(state=State.CLOSED.value, decided_at=at)
        )
        session.execute(update(TransferRequest).where(TransferRequest.person_id.in_(records)).values(note=None, reason=None))
        session.execute(delete(PersonApart).where(or_(PersonApart.one_id.in_(records), PersonApart.other_id.in_(records))))
        forget_changes(session, records)
        session.execute(update(PersonMerge).where(PersonMerge.kept_id.in_(records)).values(details={}))


def _empty(session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
    name = pseudonyms.account_name(pseudonym)
    session.execute(
        update(Person)
        .where(Person.id == person_id)
        .values(
            full_name=pseudonym,
            staff_code=name.upper(),
            sort_key=name_sort_key(pseudonym),
            search_text=search_text(pseudonym, name, name),
            name_key=fold(pseudonym),
            birth_date=None,
            birth_year=None,
            sex=None,
            email=None,
            phone_sealed=None,
            identity_sealed=None,
            identity_fingerprint=None,
            erased_at=at,
        )
    )
    session.execute(
        update(Account)
        .where(Account.person_id == person_id)
        .values(
            login_name=name,
            password_hash=None,
            activated_at=None,
            disabled_at=at,
            failures=0,
            locked_until=None,
            password_set_at=None,
            last_sign_in_at=None,
        )
    )


def _who(session: Session, person_id: UUID) -> list[PersonalSection]:
    person = session.get_one(Person, person_id)
    account = session.get(Account, person_id)
    keys = vault_of(session)
    facts: list[tuple[str, Any]] = [
        (N_("Họ và tên"), person.full_name),
        (N_("Mã cán bộ"), person.staff_code),
        (N_("Ngày sinh"), person.birth_date or person.birth_year),
        (N_("Giới tính"), person.sex),
        (N_("Thư điện tử"), person.email),
        (N_("Điện thoại"), shown_phone(keys.unseal(person.phone_sealed)) if person.phone_sealed else None),
        (N_("Số CCCD"), keys.unseal(person.identity_sealed) if person.identity_sealed else None),
        (N_("Trình độ chuyên môn"), person.qualification),
        (N_("Trình độ tin học"), person.it_qualification),
        (N_("Chuyên ngành CNTT"), person.it_major),
        (N_("Ghi vào hệ thống lúc"), person.created_at),
    ]
    if account is not None:
        facts += [
            (N_("Tên đăng nhập"), account.login_name),
            (N_("Mật khẩu"), N_("chỉ lưu dạng băm") if account.password_hash else None),
            (N_("Kích hoạt lúc"), account.activated_at),
            (N_("Khóa lúc"), account.disabled_at),
            (N_("Đổi mật khẩu lúc"), account.password_set_at),
            (N_("Đăng nhập gần nhất"), account.last_sign_in_at),
        ]
    return [PersonalSection(N_("Hồ sơ"), (N_("Mục"), N_("Nội dung")), facts)]


def _posts(session: Session, person_id: UUID) -> list[PersonalSection]:
    name = AgencyVersion.name
    posts = session.execute(
        select(
            name,
            Posting.group_code,
            Posting.job_title,
            Posting.it_duty,
            Posting.is_primary,
            Posting.nature,
            Posting.absence,
            Posting.decision,
            Posting.valid_from,
            Posting.valid_to,
        )
        .outerjoin(AgencyVersion, _agency_as_of(Posting.agency_id, Posting.valid_from))
        .where(Posting.person_id == person_id)
        .order_by(Posting.valid_from)
    )
    leaves = session.execute(
        select(Leave.reason, Leave.decision, Leave.valid_from, Leave.valid_to)
        .where(Leave.person_id == person_id)
        .order_by(Leave.valid_from)
    )
    roles = session.execute(
        select(RoleGrant.role, name, RoleGrant.reason, RoleGrant.valid_from, RoleGrant.valid_to)
        .outerjoin(AgencyVersion, _agency_as_of(RoleGrant.agency_id, RoleGrant.valid_from))
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.valid_from)
    )
    transfers = session.execute(
        select(
            TransferRequest.kind,
            TransferRequest.effective_on,
            TransferRequest.state,
            TransferRequest.note,
            TransferRequest.reason,
            TransferRequest.requested_at,
            TransferRequest.decided_at,
        )
        .where(TransferRequest.person_id == person_id)
        .order_by(TransferRequest.requested_at)
    )
    since, until = N_("Từ ngày"), N_("Đến trước ngày")
    return [
        PersonalSection(
            N_("Vị trí công tác"),
            (
                N_("Cơ quan, đơn vị"),
                N_("Nhóm"),
                N_("Chức vụ"),
                N_("Công tác CNTT"),
                N_("Vị trí chính"),
                N_("Hình thức"),
                N_("Vắng"),
                N_("Quyết định"),
                since,
                until,
            ),
            _rows(posts),
        ),
        PersonalSection(N_("Nghỉ, vắng có thời hạn"), (N_("Lý do"), N_("Quyết định"), since, until), _rows(leaves)),
        PersonalSection(N_("Vai trò"), (N_("Vai trò"), N_("Phạm vi"), N_("Lý do"), since, until), _rows(roles)),
        PersonalSection(
            N_("Đề nghị chuyển đơn vị"),
            (N_("Loại"), N_("Từ ngày"), N_("Tình trạng"), N_("Ghi chú"), N_("Lý do"), N_("Gửi lúc"), N_("Trả lời lúc")),
            _rows(transfers),
        ),
    ]


def _ways_in(session: Session, person_id: UUID) -> list[PersonalSection]:
    records = records_of(session, person_id)  # sessions and slips of a record that was absorbed stay its own
    sign_ins = session.execute(
        select(
            SignIn.created_at,
            SignIn.ended_at,
            SignIn.expires_at,
            SignIn.last_seen_at,
            SignIn.method,
            SignIn.remote_address,
            SignIn.user_agent,
        )
        .where(SignIn.person_id.in_(records))
        .order_by(SignIn.created_at)
    )
    slips = session.execute(
        select(ActivationCode.issued_at, ActivationCode.expires_at, ActivationCode.used_at, ActivationCode.revoked_at)
        .where(ActivationCode.person_id.in_(records))
        .order_by(ActivationCode.issued_at)
    )
    passkeys = session.execute(
        select(Passkey.name, Passkey.created_at, Passkey.last_used_at).where(Passkey.person_id == person_id).order_by(Passkey.created_at)
    )
    codes = session.execute(select(Authenticator.confirmed_at).where(Authenticator.person_id == person_id))
    providers = session.execute(
        select(FederatedIdentity.issuer, FederatedIdentity.subject, FederatedIdentity.linked_at, FederatedIdentity.last_used_at).where(
            FederatedIdentity.person_id == person_id
        )
    )
    last_used = N_("Dùng gần nhất")
    return [
        PersonalSection(
            N_("Phiên đăng nhập"),
            (
                N_("Bắt đầu"),
                N_("Kết thúc"),
                N_("Hết hạn"),
                N_("Hoạt động gần nhất"),
                N_("Cách đăng nhập"),
                N_("Địa chỉ mạng"),
                N_("Thiết bị"),
            ),
            _rows(sign_ins),
        ),
        PersonalSection(N_("Phiếu cấp tài khoản"), (N_("Cấp lúc"), N_("Hết hạn"), N_("Đã dùng lúc"), N_("Đã hủy lúc")), _rows(slips)),
        PersonalSection(N_("Khóa đăng nhập (passkey)"), (N_("Tên"), N_("Tạo lúc"), last_used), _rows(passkeys)),
        PersonalSection(N_("Ứng dụng mã một lần"), (N_("Xác nhận lúc"),), _rows(codes)),
        PersonalSection(
            N_("Tài khoản định danh liên kết"), (N_("Nơi cấp"), N_("Định danh"), N_("Liên kết lúc"), last_used), _rows(providers)
        ),
    ]


def _agency_as_of(agency: Any, day: Any) -> Any:
    return (
        (AgencyVersion.agency_id == agency)
        & (AgencyVersion.valid_from <= day)
        & (AgencyVersion.valid_to > day)
        & AgencyVersion.superseded_at.is_(None)
    )


def _rows(result: Any) -> list[tuple[Any, ...]]:
    return [tuple(_open_ended(value) for value in row) for row in result]


def _open_ended(value: Any) -> Any:
    return None if isinstance(value, date) and value == date.max else value


follower = RecordsOfPersons()
