# SPDX-License-Identifier: Apache-2.0
"""A client written in Python straight from the protos drives one whole closure of a real closured process."""

import contextlib
import io
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "tests", "support"))
import grpc  # noqa: E402
from closured_process import Closured, Owner, State, sandbox  # noqa: E402
from closure.v1 import closure_pb2 as pb  # noqa: E402
from closure.v1 import closure_service_pb2 as service  # noqa: E402

ACCOUNT = {
    "accountId": "py-1",
    "email": {"address": "py@example.com"},
    "phone": {"address": "+8613890000011"},
    "funds": [{"currencyCode": "USD", "balance": "1000.00"}],
}


class PythonClient(unittest.TestCase):
    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)

    def test_drives_a_whole_closure(self):
        """[R9][R44][R45][R46][R47][R55][R65]"""
        self.server.load({"accounts": [ACCOUNT]})
        owner = Owner(self.server, "py-1")
        plan, items = None, []
        request = service.PreviewClosureRequest(account="accounts/py-1")
        for update in self.server.closures.PreviewClosure(request, metadata=owner.metadata, timeout=30):
            plan = update.plan if update.HasField("plan") else plan
            items.extend(update.items.items)
        self.assertEqual(len(items), 1)
        self.assertEqual([name for step in plan.steps for name in step.items], [items[0].name])
        self.assertEqual(owner.create().state, State.Value("IDENTITY_PENDING"))
        self.assertEqual(owner.verify().state, State.Value("AGREEMENT_PENDING"))
        owner.agree()
        owner.wait_for(State.Value("BLOCKED"))
        owner.discard_all()
        owner.wait_for(State.Value("READY"))
        owner.confirm()
        owner.wait_until(lambda closure: closure.state == State.Value("SILENT_PERIOD")
                         and all(each.status == each.DONE for each in closure.participants))
        self.server.advance(168)
        closed = owner.wait_for(State.Value("CLOSED"), State.Value("ABORTED"))
        self.assertEqual(closed.state, State.Value("CLOSED"))
        self.assertTrue(self.server.show("py-1").deleted)
        self.assertEqual(self.server.stop(), 0)


class PageForClients(unittest.TestCase):
    """docs/clients.md is a program that runs as it stands."""

    def setUp(self):
        self.server = Closured()
        self.addCleanup(self.server.close)
        with open(os.path.join(os.environ["CLOSURE_SOURCE_DIR"], "docs", "clients.md"), encoding="utf-8") as page:
            blocks = re.findall(r"^```python\n(.*?)^```$", page.read(), re.DOTALL | re.MULTILINE)
        self.assertGreater(len(blocks), 5)
        self.program = "\n\n".join(blocks)

    def run_page(self, account, code=None):
        """Runs it; `code` answers the identity code once it is asked for. Exit code, output and errors."""
        environment = dict(os.environ, CLOSURE_SERVER=self.server.address, ACCOUNT=account)
        process = subprocess.Popen([sys.executable, "-c", self.program], env=environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        asked = []
        if code is not None:
            for line in process.stdout:
                asked.append(line)
                if line.startswith("the code sent to "):
                    break
            process.stdin.write(code() + "\n")
            process.stdin.flush()
        out, err = process.communicate(timeout=60)
        return process.returncode, "".join(asked) + out, err

    def owner_of_open_closure(self, account):
        owner = Owner(self.server, account)
        owner.name = owner.call("ListClosures", service.ListClosuresRequest(parent="accounts/" + account)).closures[0].name
        return owner

    def test_the_program_drives_a_closure_into_its_silent_period_and_can_be_run_again(self):
        self.server.load({"accounts": [ACCOUNT]})
        code, out, err = self.run_page("py-1", lambda: self.owner_of_open_closure("py-1").code())
        self.assertEqual((code, err), (0, ""), out)
        states = re.findall(r"^([A-Z_]+) \[(.*)\]$", out, re.MULTILINE)
        self.assertEqual([state for state, _ in states],
                         ["IDENTITY_PENDING", "AGREEMENT_PENDING", "BLOCKED", "READY", "SILENT_PERIOD"])
        self.assertIn("'VERIFY_IDENTITY'", states[0][1])
        self.assertEqual(states[-1][1], "")
        self.assertIn("allowed: False", out)
        code, out, err = self.run_page("py-1")
        self.assertEqual((code, err), (0, ""), out)
        self.assertIn("SILENT_PERIOD []", out)

    def test_a_run_that_finds_a_blocked_closure_looks_again_and_shows_only_what_is_open(self):
        resource = {"resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
                    "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": True,
                    "consoleUri": "https://ecs.console.example.com/i-1"}
        bill = {"billId": "b-1", "amount": "3.00", "currencyCode": "USD"}
        self.server.load({"accounts": [dict(ACCOUNT, resources=[resource], bills=[bill])]})
        code, out, err = self.run_page("py-1", lambda: self.owner_of_open_closure("py-1").code())
        self.assertEqual((code, err), (0, ""), out)
        self.assertIn("BLOCKED", out)
        before = self.owner_of_open_closure("py-1").get().scan.number
        code, out, err = self.run_page("py-1")
        self.assertEqual((code, err), (0, ""), out)
        self.assertGreater(self.owner_of_open_closure("py-1").get().scan.number, before)
        self.assertIn("BLOCKED", out)
        self.assertNotIn("- RENOUNCEABLE -", out, "what was renounced is not asked about again")

    def test_the_program_repeats_what_was_cancelled_by_a_server_that_stops(self):
        functions = {}
        os.environ["CLOSURE_SERVER"] = self.server.address
        self.addCleanup(os.environ.pop, "CLOSURE_SERVER")
        exec(self.program[:self.program.index("def follow(")], functions)  # pylint: disable=exec-used
        functions["time"] = type("Time", (), {"sleep": staticmethod(lambda seconds: None)})
        ids = []

        class Cancelled(grpc.RpcError):
            code = staticmethod(lambda: grpc.StatusCode.CANCELLED)
            trailing_metadata = staticmethod(lambda: ())

        def call(request, **_):
            ids.append(request.request_id)
            if len(ids) < 3:
                raise Cancelled()
            return "done"

        self.assertEqual(functions["mutate"](call, service.RecheckRequest()), "done")
        self.assertEqual((len(ids), len(set(ids))), (3, 1))
        functions["channel"].close()

    def test_the_program_discards_more_than_one_request_takes(self):
        self.server.load({"accounts": [dict(ACCOUNT, bulkResourceCount=1001)]})
        code, out, err = self.run_page("py-1", lambda: self.owner_of_open_closure("py-1").code())
        self.assertEqual((code, err), (0, ""), out[-1000:])
        self.assertEqual(re.findall(r"^([A-Z_]+) \[", out, re.MULTILINE),
                         ["IDENTITY_PENDING", "AGREEMENT_PENDING", "BLOCKED", "BLOCKED", "READY", "SILENT_PERIOD"])

    def test_the_program_discards_again_what_was_not_released_once_in_a_run(self):
        functions = {}
        os.environ["CLOSURE_SERVER"] = self.server.address
        self.addCleanup(os.environ.pop, "CLOSURE_SERVER")
        exec(self.program[:self.program.index("def confirm(")], functions)  # pylint: disable=exec-used
        functions["channel"].close()
        resolutions = ("OPEN", "RELEASE_FAILED", "OUTCOME_UNKNOWN", "RELEASED", "RENOUNCED")
        items = [pb.BlockingItem(name=name, display_name=name, fingerprint="f", disposition=pb.RENOUNCEABLE,
                                 resolution=pb.BlockingItem.Resolution.Value(name)) for name in resolutions]
        items[1].resolution_detail = "REFUSED: in use"
        asked = []

        class Closures:
            @staticmethod
            def ListBlockingItems(request, **_):
                first = int(request.page_token or 0)
                token = str(first + 2) if first + 2 < len(items) else ""
                return service.ListBlockingItemsResponse(items=items[first:first + 2], next_page_token=token)

            @staticmethod
            def DiscardItems(request, **_):
                asked.append([selection.item for selection in request.selections])

        functions["closures"] = Closures
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            self.assertTrue(functions["discard"](pb.Closure(name="c")))
            self.assertFalse(functions["discard"](pb.Closure(name="c")))
            items[1].fingerprint = "g"
            self.assertTrue(functions["discard"](pb.Closure(name="c")))
        self.assertEqual(asked, [["OPEN", "RELEASE_FAILED", "OUTCOME_UNKNOWN"], ["RELEASE_FAILED"]])
        self.assertIn("RELEASE_FAILED - RENOUNCEABLE - REFUSED: in use", shown.getvalue())
        self.assertIn("RELEASED - RENOUNCEABLE", shown.getvalue())
        self.assertNotIn("RENOUNCED - ", shown.getvalue())

    def test_the_program_tells_the_reason_of_an_error(self):
        code, _, err = self.run_page("py-404")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"^ACCOUNT_NOT_FOUND: .*py-404")

    def test_the_program_reads_the_delay_after_which_to_come_back(self):
        self.server.load({"accounts": [ACCOUNT]})
        self.server.fault("AccountService/GetAccount", sandbox.SetFaultRequest.UNAVAILABLE_BEFORE)
        functions = {}
        os.environ["CLOSURE_SERVER"] = self.server.address
        self.addCleanup(os.environ.pop, "CLOSURE_SERVER")
        exec(self.program[:self.program.index("def mutate(")], functions)  # pylint: disable=exec-used
        with self.assertRaises(grpc.RpcError) as refused:
            Owner(self.server, "py-1").create()
        info, delay = functions["details_of"](refused.exception)
        functions["channel"].close()
        self.assertEqual((info.reason, info.domain), ("ACCOUNT_SYSTEM_UNAVAILABLE", "closure.v1"))
        self.assertGreater(delay, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
