@echo off
rem Windows: double-click to set up what is missing, start MSST-WebUI and open its page.
rem From a terminal: start.bat [--torch auto, cpu, cu130 or cu126] [what webui.py takes]
rem Letters of other languages are in files of their own: this one is read by cmd in whatever code page it has.
setlocal
cd /d "%~dp0"
chcp 65001 >nul
set PYTHONUTF8=1
set "PY="
set "CHECK=import sys, venv, ensurepip; sys.exit(not ((3, 10) <= sys.version_info[:2] <= (3, 13) and sys.maxsize > 2**32))"

call :try .venv\Scripts\python.exe
call :try py -3.12
call :try py -3.13
call :try py -3.11
call :try py -3.10
call :try python
call :try "%LOCALAPPDATA%\Programs\Python\Python312\python.exe"
if defined PY goto run

type scripts\no_python.txt
where winget >nul 2>&1
if errorlevel 1 goto failed
choice /c YN /m "Install Python 3.12 now"
if errorlevel 2 goto failed
winget install --exact --id Python.Python.3.12 --scope user --accept-package-agreements --accept-source-agreements
call :try "%LOCALAPPDATA%\Programs\Python\Python312\python.exe"
call :try py -3.12
if defined PY goto run

:failed
pause
exit /b 1

:run
call %PY% scripts\launch.py %*
set "STATUS=%ERRORLEVEL%"
if not "%STATUS%"=="0" pause
exit /b %STATUS%

:try
rem The first command that is a usable Python is kept in PY, with its quotation marks. It may be a batch file itself (pyenv): call.
if defined PY exit /b 0
call %* -c "%CHECK%" >nul 2>&1
if not errorlevel 1 set PY=%*
exit /b 0
