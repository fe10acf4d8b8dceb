import { execFileSync } from 'child_process';

const PROGRAM = `
import base64, io, sys, zipfile
name, module, code = sys.argv[1:]
buffer = io.BytesIO()
info = f"{module}-1.0.dist-info/"
with zipfile.ZipFile(buffer, "w") as wheel:
    wheel.writestr(f"{module}.py", code)
    wheel.writestr(info + "METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
print(base64.b64encode(buffer.getvalue()).decode(), end="")
`;

/** A package that is nowhere else, of one module with this code: a wheel as base64. */
export function wheelOf(name: string, code = ''): string {
  const module = name.replace(/-/g, '_');
  return execFileSync('python', ['-c', PROGRAM, name, module, code], {
    encoding: 'utf-8'
  });
}

/** Take a package out of the environment of the tests. */
export function uninstall(name: string): void {
  execFileSync('python', ['-m', 'pip', '-q', 'uninstall', '-y', name]);
}
