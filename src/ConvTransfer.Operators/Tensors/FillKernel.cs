namespace ConvTransfer.Operators.Tensors;

/// <summary>Writes one element everywhere.</summary>
internal sealed unsafe class FillKernel(ulong bits, int elementBytes, long count) : PlainKernel
{
    public override void Run(in PlainRun run)
    {
        byte* to = run.Output<byte>(0);
        for (long done = 0; done < count;)
        {
            int now = (int)System.Math.Min(count - done, 1 << 28);
            byte* at = to + (done * elementBytes);
            switch (elementBytes)
            {
                case 1: new Span<byte>(at, now).Fill((byte)bits); break;
                case 2: new Span<ushort>(at, now).Fill((ushort)bits); break;
                case 4: new Span<uint>(at, now).Fill((uint)bits); break;
                default: new Span<ulong>(at, now).Fill(bits); break;
            }
            done += now;
        }
    }
}
