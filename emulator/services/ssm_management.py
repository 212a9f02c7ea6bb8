"""AWS Systems Manager beside Parameter Store: documents and their versions, patch baselines, associations, service settings."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.ssm.models import FakePatchBaseline, SimpleSystemManagerBackend, ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse as Response

from emulator.errors import AwsError
from emulator.strict import Context

#: What a setting is until someone changes it ("GetServiceSetting", AWS Systems Manager API Reference).
SETTINGS = {
    "/ssm/appconfig/appconfig-enabled": "false",
    "/ssm/automation/customer-script-log-destination": "None",
    "/ssm/automation/customer-script-log-group-name": "/aws/ssm/automation/",
    "/ssm/automation/enable-adaptive-concurrency": "false",
    "/ssm/documents/console/public-sharing-permission": "Enable",
    "/ssm/managed-instance/activation-tier": "standard",
    "/ssm/managed-instance/default-ec2-instance-management-role": "$None",
    "/ssm/opsinsights/opscenter": "Disabled",
    "/ssm/parameter-store/default-parameter-tier": "Standard",
    "/ssm/parameter-store/high-throughput-enabled": "false",
}

#: What DescribeAssociation answers of what was given.
DESCRIBED = (
    "Name", "DocumentVersion", "Parameters", "Targets", "ScheduleExpression", "OutputLocation", "AssociationName", "MaxErrors",
    "MaxConcurrency", "ComplianceSeverity", "SyncCompliance", "ApplyOnlyAtCronInterval", "CalendarNames", "TargetLocations",
    "ScheduleOffset", "Duration", "AutomationTargetParameterName", "AlarmConfiguration",
)  # fmt: skip
LISTED = ("Name", "DocumentVersion", "Targets", "ScheduleExpression", "AssociationName", "ScheduleOffset", "Duration")


def apply() -> None:
    more_things_have_tags()
    document_versions_are_told()
    patch_baselines_are_whole()
    associations_stand()
    settings_of_the_account_are_kept()


def _state(backend: SimpleSystemManagerBackend, part: str) -> dict[str, Any]:
    """A dictionary that the backend keeps, in the state file too."""
    return backend.__dict__.setdefault(f"_{part}", {})


def pending() -> dict[str, Any]:
    """The overview of an association that has to be applied."""
    return {"Status": "Pending", "DetailedStatus": "Creating", "AssociationStatusAggregatedCount": {}}


def associations_of(backend: SimpleSystemManagerBackend) -> dict[str, dict[str, Any]]:
    """The associations that *backend* keeps, by id. What was asked for stands under C(given)."""
    return _state(backend, "associations")


def document_content(name: str, kind: str, context: Context) -> dict[str, Any]:
    """The content of document *name* in its default version. Raises AwsError where there is none, or none of type *kind*."""
    documents = ssm_backends[context.account_id][context.region]._documents
    if name not in documents:
        raise AwsError("InvalidDocument", f"Document with name {name} does not exist.", 400)
    document = documents[name].get_default_version()
    if document.document_type != kind:
        raise AwsError("InvalidDocument", f"Document type {document.document_type} is not supported: {name} is no {kind} document.", 400)
    return json.loads(document.content)


class DoesNotExist(JsonRESTError):
    def __init__(self, code: str, message: str = "The specified thing does not exist."):
        super().__init__(code, message)


def more_things_have_tags() -> None:
    """Patch baselines and associations have tags too, which end with them."""
    validate = SimpleSystemManagerBackend._validate_resource_type_and_id

    def validated(self: SimpleSystemManagerBackend, resource_type: str, resource_id: str) -> str:
        if resource_type == "PatchBaseline" and resource_id in self.baselines:
            return resource_id
        if resource_type == "Association" and resource_id in associations_of(self):
            return resource_id
        return validate(self, resource_type, resource_id)

    SimpleSystemManagerBackend._validate_resource_type_and_id = validated
    delete = SimpleSystemManagerBackend.delete_document

    def delete_document(self: SimpleSystemManagerBackend, name: str, *more: Any, **named: Any) -> None:
        delete(self, name, *more, **named)
        if name not in self._documents:
            self._resource_tags.get("Document", {}).pop(name, None)

    SimpleSystemManagerBackend.delete_document = delete_document


def document_versions_are_told() -> None:
    """ListDocumentVersions; UpdateDocument refuses content that another version has (DuplicateDocumentContent)."""
    update = SimpleSystemManagerBackend.update_document

    def list_document_versions(self: Response) -> ActionResult:
        documents = self.ssm_backend._get_documents(self._get_param("Name"))
        versions = [
            {
                "Name": document.name,
                "DocumentVersion": version,
                "CreatedDate": document.created_date,
                "IsDefaultVersion": version == documents.default_version,
                "DocumentFormat": document.document_format,
                "Status": document.status,
                **({"VersionName": document.version_name} if document.version_name else {}),
            }
            for version, document in sorted(documents.versions.items(), key=lambda item: -int(item[0]))
        ]
        return ActionResult({"DocumentVersions": versions})

    def update_document(self: SimpleSystemManagerBackend, content: str, attachments: Any, name: str, *more: Any, **named: Any) -> Any:
        documents = self._documents.get(name)
        if documents and any(document.content == content for document in documents.versions.values()):
            message = "The content of the association document matches another document. Change the content of the document and try again."
            raise DoesNotExist("DuplicateDocumentContent", message)
        return update(self, content, attachments, name, *more, **named)

    def keyword(self: SimpleSystemManagerBackend, **named: Any) -> Any:
        return update_document(self, named.pop("content"), named.pop("attachments"), named.pop("name"), **named)

    Response.list_document_versions = list_document_versions
    SimpleSystemManagerBackend.update_document = keyword


def patch_baselines_are_whole() -> None:
    """GetPatchBaseline, UpdatePatchBaseline, DescribePatchGroups; DescribePatchBaselines by prefix; a baseline in use is not deleted."""
    delete, describe = SimpleSystemManagerBackend.delete_patch_baseline, FakePatchBaseline.to_json

    def found(backend: SimpleSystemManagerBackend, baseline_id: str) -> FakePatchBaseline:
        if baseline_id not in backend.baselines:
            raise DoesNotExist("DoesNotExistException", f"Maintenance window patch baseline {baseline_id} does not exist.")
        return backend.baselines[baseline_id]

    def groups_of(backend: SimpleSystemManagerBackend, baseline_id: str) -> list[str]:
        return sorted(name for name, chosen in _state(backend, "baseline_groups").items() if baseline_id in chosen.values())

    def get_patch_baseline(self: Response) -> ActionResult:
        baseline = found(self.ssm_backend, self._get_param("BaselineId"))
        whole = describe(baseline)
        answer = {
            **{key: value for key, value in whole.items() if key not in ("BaselineName", "BaselineDescription", "DefaultBaseline")},
            "Name": baseline.name,
            "Description": baseline.description,
            "PatchGroups": groups_of(self.ssm_backend, baseline.id),
            "OperatingSystem": baseline.operating_system or "WINDOWS",
            "GlobalFilters": baseline.global_filters or {"PatchFilters": []},
            "ApprovalRules": baseline.approval_rules or {"PatchRules": []},
            "ApprovedPatchesComplianceLevel": baseline.approved_patches_compliance_level or "UNSPECIFIED",
            "ApprovedPatchesEnableNonSecurity": bool(baseline.approved_patches_enable_non_security),
            "RejectedPatchesAction": baseline.rejected_patches_action or "ALLOW_AS_DEPENDENCY",
        }
        return ActionResult({key: value for key, value in answer.items() if value is not None})

    def update_patch_baseline(self: Response) -> ActionResult:
        baseline = found(self.ssm_backend, self._get_param("BaselineId"))
        for name, attribute in {
            "Name": "name",
            "GlobalFilters": "global_filters",
            "ApprovalRules": "approval_rules",
            "ApprovedPatches": "approved_patches",
            "ApprovedPatchesComplianceLevel": "approved_patches_compliance_level",
            "ApprovedPatchesEnableNonSecurity": "approved_patches_enable_non_security",
            "RejectedPatches": "rejected_patches",
            "RejectedPatchesAction": "rejected_patches_action",
            "Description": "description",
            "Sources": "sources",
        }.items():
            if (value := self._get_param(name)) is not None:
                setattr(baseline, attribute, value)
        return ActionResult({"BaselineId": baseline.id, "Name": baseline.name, "OperatingSystem": baseline.operating_system})

    def describe_patch_baselines(self: SimpleSystemManagerBackend, filters: list[dict[str, Any]] | None) -> list[FakePatchBaseline]:
        wanted = {item["Key"]: item["Values"] for item in filters or []}
        if wanted.get("OWNER") == ["AWS"]:
            return []
        return [
            baseline
            for baseline in self.baselines.values()
            if ("NAME_PREFIX" not in wanted or baseline.name.startswith(tuple(wanted["NAME_PREFIX"])))
            and ("OPERATING_SYSTEM" not in wanted or baseline.operating_system in wanted["OPERATING_SYSTEM"])
        ]

    def delete_patch_baseline(self: SimpleSystemManagerBackend, baseline_id: str) -> None:
        if baseline_id not in self.baselines:
            return  # AWS answers as if it had been there
        if groups_of(self, baseline_id):
            raise DoesNotExist("ResourceInUseException", f"Patch baseline {baseline_id} is registered for patch groups.")
        delete(self, baseline_id)
        self._resource_tags.get("PatchBaseline", {}).pop(baseline_id, None)

    def register(self: SimpleSystemManagerBackend, baseline_id: str, patch_group: str) -> tuple[str, str]:
        system = found(self, baseline_id).operating_system or "WINDOWS"
        chosen = _state(self, "baseline_groups").setdefault(patch_group, {})
        if system in chosen:
            message = f"Patch Group baseline already has a baseline registered for OperatingSystem {system}."
            raise DoesNotExist("AlreadyExistsException", message)
        chosen[system] = baseline_id
        return baseline_id, patch_group

    def deregister(self: SimpleSystemManagerBackend, baseline_id: str, patch_group: str) -> tuple[str, str]:
        chosen = _state(self, "baseline_groups").get(patch_group, {})
        for system in [system for system, chosen_id in chosen.items() if chosen_id == baseline_id]:
            del chosen[system]
        return baseline_id, patch_group

    def baseline_for(self: SimpleSystemManagerBackend, patch_group: str, operating_system: str) -> tuple[str, str, str]:
        chosen = _state(self, "baseline_groups").get(patch_group, {}).get(operating_system)
        return chosen or f"arn:{self.partition}:ssm:{self.region_name}:075727635805:patchbaseline/pb-aws", patch_group, operating_system

    def describe_patch_groups(self: Response) -> ActionResult:
        wanted = {item["Key"]: item["Values"] for item in self._get_param("Filters") or []}
        identity = ("BaselineId", "BaselineName", "OperatingSystem", "BaselineDescription", "DefaultBaseline")
        mappings = []
        for group, chosen in sorted(_state(self.ssm_backend, "baseline_groups").items()):
            for system, baseline_id in sorted(chosen.items()):
                if group.startswith(tuple(wanted.get("NAME_PREFIX", [""]))) and system in wanted.get("OPERATING_SYSTEM", [system]):
                    told = describe(found(self.ssm_backend, baseline_id))
                    known = {key: told[key] for key in identity if told.get(key) is not None}
                    mappings.append({"PatchGroup": group, "BaselineIdentity": known})
        return ActionResult({"Mappings": mappings})

    Response.get_patch_baseline = get_patch_baseline
    Response.describe_patch_groups = describe_patch_groups
    Response.update_patch_baseline = update_patch_baseline
    SimpleSystemManagerBackend.describe_patch_baselines = describe_patch_baselines
    SimpleSystemManagerBackend.delete_patch_baseline = delete_patch_baseline
    SimpleSystemManagerBackend.register_patch_baseline_for_patch_group = register
    SimpleSystemManagerBackend.deregister_patch_baseline_for_patch_group = deregister
    SimpleSystemManagerBackend.get_patch_baseline_for_patch_group = baseline_for


def associations_stand() -> None:
    """Associations, which moto lacks: created, described, listed, updated as a whole, deleted; emulator/instances applies them."""

    def described(association: dict[str, Any]) -> dict[str, Any]:
        kept = ("AssociationId", "AssociationVersion", "Date", "LastUpdateAssociationDate", "Overview")
        given = {key: association["given"][key] for key in DESCRIBED if association["given"].get(key) is not None}
        return {**{key: association[key] for key in kept}, **given}

    def with_defaults(given: dict[str, Any]) -> dict[str, Any]:
        return {"DocumentVersion": "$DEFAULT", "ApplyOnlyAtCronInterval": False, **given}

    def found(response: Response) -> dict[str, Any]:
        identity = response._get_param("AssociationId")
        associations = associations_of(response.ssm_backend)
        if identity not in associations:
            raise DoesNotExist("AssociationDoesNotExist", f"Association {identity} does not exist.")
        return associations[identity]

    def given_to(response: Response) -> dict[str, Any]:
        values = {key: response._get_param(key) for key in DESCRIBED}
        return {key: value for key, value in values.items() if value is not None}

    def create_association(self: Response) -> ActionResult:
        identity, now = str(mock_random.uuid4()), utcnow()
        association = {
            "AssociationId": identity,
            "AssociationVersion": "1",
            "Date": now,
            "LastUpdateAssociationDate": now,
            "Overview": pending(),
            "given": with_defaults(given_to(self)),
        }
        associations_of(self.ssm_backend)[identity] = association
        if tags := self._get_param("Tags"):
            self.ssm_backend.add_tags_to_resource("Association", identity, {tag["Key"]: tag["Value"] for tag in tags})
        return ActionResult({"AssociationDescription": described(association)})

    def update_association(self: Response) -> ActionResult:
        association = found(self)
        association["given"] = with_defaults({"Name": association["given"]["Name"], **given_to(self)})
        association["AssociationVersion"] = str(int(association["AssociationVersion"]) + 1)
        association["LastUpdateAssociationDate"] = utcnow()
        association["Overview"] = pending()
        return ActionResult({"AssociationDescription": described(association)})

    def describe_association(self: Response) -> ActionResult:
        return ActionResult({"AssociationDescription": described(found(self))})

    def list_associations(self: Response) -> ActionResult:
        wanted = {item["key"]: item["value"] for item in self._get_param("AssociationFilterList") or []}
        listed = [
            {
                **{key: association[key] for key in ("AssociationId", "AssociationVersion", "Overview")},
                **{key: association["given"][key] for key in LISTED if association["given"].get(key) is not None},
            }
            for association in associations_of(self.ssm_backend).values()
            if all(
                {"AssociationId": association["AssociationId"], **association["given"]}.get(key) == value for key, value in wanted.items()
            )
        ]
        return ActionResult({"Associations": listed})

    def delete_association(self: Response) -> EmptyResult:
        association = found(self)
        del associations_of(self.ssm_backend)[association["AssociationId"]]
        self.ssm_backend._resource_tags.get("Association", {}).pop(association["AssociationId"], None)
        return EmptyResult()

    for function in (create_association, update_association, describe_association, list_associations, delete_association):
        setattr(Response, function.__name__, function)


def settings_of_the_account_are_kept() -> None:
    """GetServiceSetting, UpdateServiceSetting and ResetServiceSetting, which moto lacks."""

    def told(backend: SimpleSystemManagerBackend, setting: str) -> dict[str, Any]:
        changed = _state(backend, "service_settings").get(setting)
        arn = f"arn:{backend.partition}:ssm:{backend.region_name}:{backend.account_id}:servicesetting{setting}"
        user = f"arn:{backend.partition}:iam::{backend.account_id}:root"
        value, when = changed or (SETTINGS[setting], utcnow())
        return {
            "SettingId": setting,
            "SettingValue": value,
            "LastModifiedDate": when,
            "LastModifiedUser": user if changed else "System",
            "ARN": arn,
            "Status": "Customized" if changed else "Default",
        }

    def named(response: Response) -> str:
        setting = response._get_param("SettingId").partition(":servicesetting")
        name = setting[2] or setting[0]
        if name not in SETTINGS:
            raise DoesNotExist("ServiceSettingNotFound", f"Setting {name} is not found.")
        return name

    def get_service_setting(self: Response) -> ActionResult:
        return ActionResult({"ServiceSetting": told(self.ssm_backend, named(self))})

    def update_service_setting(self: Response) -> EmptyResult:
        _state(self.ssm_backend, "service_settings")[named(self)] = (self._get_param("SettingValue"), utcnow())
        return EmptyResult()

    def reset_service_setting(self: Response) -> ActionResult:
        setting = named(self)
        _state(self.ssm_backend, "service_settings").pop(setting, None)
        return ActionResult({"ServiceSetting": told(self.ssm_backend, setting)})

    for function in (get_service_setting, update_service_setting, reset_service_setting):
        setattr(Response, function.__name__, function)
