; Inno Setup's recipe: an installer for Windows out of what PyInstaller made (docs/packaging.md).
;     iscc /DVersion=0.1.0 packaging\afterimage.iss

#ifndef Version
  #error Give the version: iscc /DVersion=0.1.0 packaging\afterimage.iss
#endif

[Setup]
AppId={{6B0F6C0E-3C59-4C0B-9B64-2E1B0C2C7F51}
AppName=Afterimage
AppVersion={#Version}
AppPublisher=Afterimage
DefaultDirName={autopf}\Afterimage
DefaultGroupName=Afterimage
; For the user alone, without an administrator; whoever is one may choose otherwise.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
SourceDir=..
OutputDir=dist
OutputBaseFilename=afterimage-{#Version}-windows-x64
LicenseFile=LICENSE
SetupIconFile=build\afterimage\icons\afterimage.ico
UninstallDisplayIcon={app}\Afterimage.exe
Compression=lzma2/fast
SolidCompression=yes
ChangesAssociations=yes
DisableProgramGroupPage=yes

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Files]
Source: "dist\Afterimage\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs

[Icons]
Name: "{group}\Afterimage"; Filename: "{app}\Afterimage.exe"
Name: "{autodesktop}\Afterimage"; Filename: "{app}\Afterimage.exe"; Tasks: desktopicon

[Registry]
; A session opens with Afterimage.
Root: HKA; Subkey: "Software\Classes\.afterimage"; ValueType: string; ValueData: "Afterimage.Session"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Afterimage.Session"; ValueType: string; ValueData: "Afterimage session"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Afterimage.Session\DefaultIcon"; ValueType: string; ValueData: "{app}\Afterimage.exe,0"
Root: HKA; Subkey: "Software\Classes\Afterimage.Session\shell\open\command"; ValueType: string; ValueData: """{app}\Afterimage.exe"" ""%1"""
; Checkpoints keep what they open with; Afterimage is offered under “Open with”.
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "Afterimage"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\shell\open\command"; ValueType: string; ValueData: """{app}\Afterimage.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\SupportedTypes"; ValueType: string; ValueName: ".pth"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\SupportedTypes"; ValueType: string; ValueName: ".pt"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\SupportedTypes"; ValueType: string; ValueName: ".th"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\SupportedTypes"; ValueType: string; ValueName: ".ckpt"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\SupportedTypes"; ValueType: string; ValueName: ".onnx"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\SupportedTypes"; ValueType: string; ValueName: ".safetensors"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\Afterimage.exe\SupportedTypes"; ValueType: string; ValueName: ".npz"; ValueData: ""

[Run]
Filename: "{app}\Afterimage.exe"; Description: "{cm:LaunchProgram,Afterimage}"; Flags: nowait postinstall skipifsilent
